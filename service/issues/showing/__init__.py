"""Which issues the public may read about, and what of them: counts that nobody can be found in."""
