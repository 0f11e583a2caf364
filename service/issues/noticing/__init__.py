"""What officials are told of their issues by e-mail."""
