"""What the scores say: each proposal's place, what all groups prefer, and the shortlist."""
