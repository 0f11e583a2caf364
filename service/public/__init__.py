"""Pages without an account: the start page, published answers, and what became of a receipt."""
