"""Issues as staff see them: lists that filter and sort, and everything there is to know of one."""
