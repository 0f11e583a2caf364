"""Which issue each contribution is in, and the counts that follow from it.

Every contribution is in exactly one issue. A merged issue keeps its own members and hangs below its
survivor; an issue counts its members and those of everything below it.
"""
