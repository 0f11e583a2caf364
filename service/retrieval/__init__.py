"""What can be found by meaning: entries of answers, passages and issues, and the index over them.

SQL is the truth, the vectors' bytes included. Each change of an entry takes the next number of
`change`,
so that every process brings its own index up to date by reading what came after the last one it
saw.
"""
