"""Which department and which official an issue is with."""
