"""Compute on text: no web, no database, no chat."""
