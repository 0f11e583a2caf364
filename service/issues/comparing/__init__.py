"""Issues side by side, before they are made one."""
