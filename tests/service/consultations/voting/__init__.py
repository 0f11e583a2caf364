"""Voting by pairs."""
