"""What an answer settles: its issue, and contributions that got it at once."""
