"""What staff do with proposals: seed, admit, refuse, word, show together, ask to join, reply."""
