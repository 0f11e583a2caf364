"""Members of staff: accounts, roles, log-ins, sessions and tokens.

Roles: official (own departments), moderator, comms, admin, auditor. A log-in makes a session row,
a token is for programs; both can be withdrawn at once. Passwords are hashed with Argon2.
"""
