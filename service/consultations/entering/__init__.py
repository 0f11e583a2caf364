"""Who may take part: everybody, who says they live in a place, or who was given a code."""
