"""Translate one chat platform each: no decisions, no database."""
