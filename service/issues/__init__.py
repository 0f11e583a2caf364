"""Contributions about the same matter, possibly just one.

Open → assigned → answered | declined (reason) | closed (reason); reopening is a move. A merged
issue points to its survivor and keeps its own members, so a merge is undone by taking the pointer
away. An issue a person has touched is theirs: the machine adds to it and takes nothing out.
"""
