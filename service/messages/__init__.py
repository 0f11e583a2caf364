"""What citizens said: messages, the conversations they are part of, and contributions with their
receipts.

A contribution is one or more messages of a conversation about one thing; it is what is receipted,
grouped,
routed and answered. Originals are sealed; the masked text is what is searched, shown and encoded.
"""
