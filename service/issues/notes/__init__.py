"""What staff note on an issue for each other, until they take it away."""
