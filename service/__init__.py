"""Decide, remember, show."""
