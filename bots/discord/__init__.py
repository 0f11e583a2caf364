"""Discord: private messages, mentions, slash commands and buttons, replies through its API."""

import warnings

with warnings.catch_warnings():
    # The voice part of discord.py imports a module that Python is giving up; we have no voice.
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord  # noqa: F401 - imported here first, so that nobody else hears of it
