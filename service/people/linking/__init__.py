"""Two accounts become one person's, by their own act: a code from one, written in the other."""
