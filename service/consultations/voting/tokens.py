"""What is signed with the installation's key: a browser's voice, and a pair that was shown to one
voter. Neither is stored.
"""

import re
import secrets
import time
from dataclasses import dataclass

from service.consultations.voting.actions import StalePair, UnknownPair, UnknownVoter
from service.vault import Vault

SIGNED = 32
PRESSED = 12
DAY = 86_400.0
CAMPAIGN = re.compile(r"[A-Za-z0-9_-]{1,40}")
VOTER = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{0,40})\.([0-9a-f]{32})")
PAIR = re.compile(r"([0-9]{1,15})\.([0-9]{1,15})\.([0-9]{1,15})\.([0-9a-f]{8})\.([0-9a-f]{32})")


@dataclass(frozen=True)
class Pair:
    """Two proposals as they were shown, left first, at `issued` (milliseconds of the clock);
    `wording` marks how both read then.
    """

    left: int
    right: int
    issued: int
    wording: str

    @property
    def low(self) -> int:
        """The smaller id."""
        return min(self.left, self.right)

    @property
    def high(self) -> int:
        """The larger id."""
        return max(self.left, self.right)


def new_voter(vault: Vault, consultation_id: int, campaign: str | None) -> str:
    """A token for a browser that begins to vote, which nobody can guess or make."""
    held = f"{secrets.token_hex(16)}.{campaign or ''}"
    return f"{held}.{_sign(vault, 'voter', str(consultation_id), held)}"


def read_voter(vault: Vault, consultation_id: int, token: str) -> tuple[str, str | None]:
    """A browser's digest, and the campaign it came by. Raises `UnknownVoter`."""
    found = VOTER.fullmatch(token)
    if found is None:
        raise UnknownVoter("This is not the token of a voter of this consultation.")
    id_, campaign, signed = found.groups()
    if not _same(_sign(vault, "voter", str(consultation_id), f"{id_}.{campaign}"), signed):
        raise UnknownVoter("This is not the token of a voter of this consultation.")
    return digest(vault, consultation_id, "web", id_), campaign or None


def digest(vault: Vault, consultation_id: int, channel: str, who: str) -> str:
    """What a voter is found by: a browser's id, or the digest of an account."""
    return vault.digest("voter", str(consultation_id), channel, who)


def write_pair(vault: Vault, voter: str, pair: Pair) -> str:
    """A pair for one voter (their digest)."""
    held = f"{pair.left}.{pair.right}.{pair.issued}.{pair.wording}"
    return f"{held}.{_sign(vault, 'pair', voter, held)}"


def read_pair(vault: Vault, voter: str, token: str) -> Pair:
    """The pair that this voter was shown. Raises `UnknownPair`, or `StalePair` after a day."""
    found = PAIR.fullmatch(token)
    if found is None:
        raise UnknownPair("This pair was not shown to this voter.")
    left, right, issued, wording, signed = found.groups()
    if not _same(_sign(vault, "pair", voter, token.rpartition(".")[0]), signed):
        raise UnknownPair("This pair was not shown to this voter.")
    return _fresh(Pair(int(left), int(right), int(issued), wording))


def press_mark(vault: Vault, voter: str, pair: Pair) -> int:
    """The number that signs a button of a chat, which is short: it stands for the wording too."""
    held = f"{pair.left}.{pair.right}.{pair.issued}.{pair.wording}"
    return int(_sign(vault, "press", voter, held)[:PRESSED], 16) + 1


def check_press(vault: Vault, voter: str, pair: Pair, mark: int) -> None:
    """Raises `UnknownPair` where a button was not made for this voter, or for another wording, and
    `StalePair`.
    """
    if press_mark(vault, voter, pair) != mark:
        raise UnknownPair("This pair was not shown to this voter as it reads now.")
    _fresh(pair)


def _fresh(pair: Pair) -> Pair:
    if not -60 <= time.time() - pair.issued / 1000 <= DAY:
        raise StalePair("This pair was shown long ago: here is a new one.")
    return pair


def _sign(vault: Vault, *parts: str) -> str:
    return vault.digest("ballot", *parts)[:SIGNED]


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one, other)
