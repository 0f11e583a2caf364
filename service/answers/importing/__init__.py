"""Answers that were published elsewhere."""
