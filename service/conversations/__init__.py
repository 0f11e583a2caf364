"""One claimed batch of messages in, everything that follows from it out, in one transaction.

`hearing` opens and understands the texts, `weaving` joins short messages into contributions,
`placing` finds
issue, department and a published answer for each, `batch` writes it all, `replies` words what the
citizen reads,
`dialogue` answers commands and buttons. `reception` is what the channels talk to.
"""
