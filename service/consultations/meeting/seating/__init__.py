"""Seats: offered in order, held, passed on when somebody does not come."""
