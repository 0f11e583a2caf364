"""How well text is understood, on a folder of labelled sets: ours beside what others would take.

Each module measures one part and gives its scores; `sets` reads the files. Peers are optional:
where one is not installed, its column stays empty.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Score:
    """One figure of one part on one set. `peers` holds what others reach in the same run; `seconds`
    what ours took after encoding, `peer_seconds` what they took.
    """

    part: str
    of: str
    measure: str
    ours: float
    target: float | None = None
    at_most: bool = False
    peers: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None
    peer_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        return self.ours <= self.target if self.at_most else self.ours >= self.target
