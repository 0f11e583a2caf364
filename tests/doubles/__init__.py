"""Platforms that run on loopback: they speak the real protocols and are told what to do."""
