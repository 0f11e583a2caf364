"""Everything said, asked and answered, as files that other programs read."""
