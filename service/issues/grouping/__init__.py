"""Which issues are one: merged into a survivor, split, or given each other's contributions."""
