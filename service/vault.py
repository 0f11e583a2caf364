"""The installation's key: seals what citizens wrote and who they are, and looks them up by HMAC."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.errors import SetupError
from service.settings import Settings

NONCE = 12


class BadKey(SetupError):
    """The key is missing, malformed, or not the one this data was sealed with."""

    code = "bad_key"


class Vault:
    """AES-256-GCM for what is kept, HMAC-SHA-256 for what is looked up."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise BadKey("The installation's key must be 32 bytes, written as 64 hex digits.")
        self._cipher = AESGCM(hashlib.sha256(b"seal" + key).digest())
        self._lookup = hashlib.sha256(b"look up" + key).digest()

    def seal(self, text: str) -> bytes:
        """Encrypt `text`; each call gives other bytes."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        """Decrypt what `seal` gave. Raises `BadKey` when it was sealed with another key."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], None).decode()
        except InvalidTag as error:
            raise BadKey("The key does not open this data: was the key file replaced?") from error

    def digest(self, *parts: str) -> str:
        """A keyed hash of `parts` for unique look-ups: 64 hex digits."""
        said = "\x1f".join(parts).encode("utf-8", "surrogatepass")
        return hmac.new(self._lookup, said, hashlib.sha256).hexdigest()


def open_vault(settings: Settings) -> Vault:
    """The vault of this installation; its key file is made, readable by its owner only, if
    absent.
    """
    given = settings.key.get_secret_value()
    if given:
        return Vault(_from_hex(given))
    path = settings.key_file or settings.data_dir / "key"
    if not path.exists():
        _make(path)
    return Vault(_from_hex(path.read_text().strip()))


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise BadKey("The installation's key must be written as 64 hex digits.") from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32))
