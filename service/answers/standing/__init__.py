"""Where an answer stands, and the one place that moves it."""
