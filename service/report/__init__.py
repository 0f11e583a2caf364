"""The listening report of a period: what was said, by whom it was heard and by whom it was not.

It is read across messages, issues and answers, and nothing of it is stored.
"""
