"""Receipt codes: sixty random bits in an alphabet that can be read aloud."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


def new() -> str:
    """A fresh code, like K7QM-4T9X-2BHD."""
    return _grouped("".join(ALPHABET[byte % 32] for byte in secrets.token_bytes(LENGTH)))


def read(text: str) -> str | None:
    """The code somebody typed or read aloud, in its one form; None when it cannot be one."""
    letters = "".join(c for c in text.upper() if c.isalnum()).translate(ALIKE)
    if len(letters) != LENGTH or any(c not in ALPHABET for c in letters):
        return None
    return _grouped(letters)


def _grouped(letters: str) -> str:
    return "-".join(letters[i : i + 4] for i in range(0, LENGTH, 4))
