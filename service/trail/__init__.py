"""The append-only record of every change of state: who, when, from, to, why.

Ids and codes only, never citizens' words. Nothing here is ever changed or removed.
"""
