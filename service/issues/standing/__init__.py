"""An issue's state: who may change it, how, and who hears of it."""
