"""How a consultation ends: what must be there before it is met or reported."""
