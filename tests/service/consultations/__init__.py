"""Consultations and proposals."""
