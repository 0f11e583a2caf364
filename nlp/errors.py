"""The base of what cannot be used here: a code, and a sentence that says what to look at."""


class Unusable(Exception):
    """What was named or is needed cannot be used here. Subclasses set `code`; the message is the
    reader's.
    """

    code = "unusable"
