"""Voting: how well strengths and pairs do where the truth is known, how well opinion groups do on
real votes, and whether a consultation of 2011's size is carried.
"""
