"""Nominating questions and supporting them: one voice a person for each question, taken back while
the round runs.
"""
