"""The doors: what arrives is a row before it is acknowledged, what leaves is a row before it is
sent.

An inbox row waits, is claimed with a lease, understood and blanked, or set aside. A delivery waits,
is being sent, and ends sent, failed or uncertain; staff may send a failed or uncertain one again.
"""
