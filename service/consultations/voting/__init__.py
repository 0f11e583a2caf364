"""Comparing proposals by pairs, and what comes of it.

A voter is a person of a chat, on whatever channels, or a browser without a log-in. They get a pair
of one theme, signed for them alone, and choose one or say that they cannot; a vote is counted once
and acknowledged when it is durable. Scores, with their uncertainty, are made anew after votes, once
with every vote and once without suspicious ones. When the voting ends the shortlist is taken from
them, which staff change with public reasons.
"""
