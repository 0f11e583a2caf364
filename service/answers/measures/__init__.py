"""What an answer announces, until it is done or dropped."""
