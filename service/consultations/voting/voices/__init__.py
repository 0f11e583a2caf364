"""Whose a voice is: voters are forgotten, and two voters who are one person become one."""
