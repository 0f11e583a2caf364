"""Who speaks to us: pseudonymous people and the identities they write from.

A person is known by a code. Each identity (channel, account, external id) belongs to one person;
linking two is the person's own act. Erased people keep their code and nothing else.
"""
