"""What the machine says of an issue by itself: its name, key phrases, and growth."""
