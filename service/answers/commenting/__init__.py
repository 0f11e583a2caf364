"""What staff say to each other about an answer while it is made: who, when, in which state."""
