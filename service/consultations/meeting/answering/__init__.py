"""What the invited do: accept, decline, say nothing in time, be forgotten."""
