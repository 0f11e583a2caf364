"""A consultation that is voted on, made at once, and browsers that vote in it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from httpx2 import AsyncClient, Response
from sqlalchemy import update

from service.consultations.models import Consultation, ConsultationText, ConsultationTheme
from service.consultations.proposals.models import Proposal
from service.consultations.tasks import advance
from service.consultations.voting import tasks
from service.database import insert_many, now
from service.installation import Installation
from service.staff.models import Staff

WORDS = "Abrir o posto da rua {n} também aos sábados, das oito ao meio-dia."
SLOW = timedelta(seconds=5)


@dataclass(frozen=True)
class Poll:
    """A consultation with its themes and proposals, by theme."""

    here: Installation
    id: int
    themes: list[int]
    proposals: list[list[int]]

    async def change(self, table: type[Any], id_: int, **values: Any) -> None:
        """Something is otherwise from now on."""
        async with self.here.database.write() as session:
            await session.execute(update(table).where(table.id == id_).values(**values))

    async def ends(self) -> None:
        """The voting is over, and its votes are read for the last time."""
        await self.change(Consultation, self.id, voting_until=now() - timedelta(seconds=1))
        await advance(self.here)
        await tasks.close(self.here)


async def open_poll(here: Installation, sizes: tuple[int, ...] = (6,), **values: Any) -> Poll:
    """So many proposals in each theme, already voted on."""
    begun = now() - timedelta(days=3)
    dates = ("proposing_from", "proposing_until", "screening_until")
    async with here.database.write() as session:
        staff = Staff(
            email=f"{begun.timestamp()}@gov.example", name="Sem", roles=["comms"], departments=[],
            created_at=begun,
        )  # fmt: skip
        session.add(staff)
        await session.flush()
        row = Consultation(
            **{
                "state": "voting", "lang": "pt", "created_by": staff.id, "created_at": begun,
                "ready_at": begun,
                "voting_until": now() + timedelta(days=1),
                **{name: begun + timedelta(hours=at) for at, name in enumerate(dates)}, **values,
            }
        )  # fmt: skip
        session.add(row)
        await session.flush()
        session.add(
            ConsultationText(consultation_id=row.id, lang="pt", title="Saúde", question="Como?")
        )
        themes = [
            ConsultationTheme(consultation_id=row.id, position=at, names={"pt": f"Tema {at}"})
            for at in range(1, len(sizes) + 1)
        ]
        session.add_all(themes)
        await session.flush()
        made = [
            await insert_many(session, Proposal, _rows(row.id, theme.id, size, begun))
            for theme, size in zip(themes, sizes, strict=True)
        ]
    return Poll(here, row.id, [theme.id for theme in themes], made)


def _rows(consultation_id: int, theme_id: int, size: int, moment: Any) -> list[dict[str, Any]]:
    return [
        {
            "consultation_id": consultation_id, "theme_id": theme_id, "themed_by": "staff",
            "origin": "staff", "lang": "pt", "text": WORDS.format(n=n), "fingerprint": f"print-{n}",
            "state": "admitted", "admitted_at": moment, "created_at": moment,
        }
        for n in range(size)
    ]  # fmt: skip


@dataclass
class Browser:
    """Somebody without a log-in. Acts give the whole response."""

    client: AsyncClient
    poll: Poll
    token: str = ""
    said: dict[str, Any] = field(default_factory=dict)

    async def enter(self, **body: Any) -> Response:
        """Begin to vote."""
        response = await self.client.post(self._path("voters"), json=body)
        if response.status_code == 201:
            self.said = response.json()
            self.token = self.said["token"]
        return response

    async def pair(self, **params: Any) -> Response:
        """The pair that waits."""
        return await self.client.get(self._path("pair"), params=params, headers=self._headers)

    async def vote(self, choice: str = "left", pair: str = "", why: str | None = None) -> Response:
        """Choose on a pair, the one that came last where none is given."""
        body = {"pair": pair or self.said["next"]["pair"], "choice": choice, "why": why}
        response = await self.client.post(self._path("votes"), json=body, headers=self._headers)
        if response.status_code == 200:
            self.said = response.json()
        return response

    async def prefer(self, strength: dict[int, float]) -> Response:
        """Choose the stronger one."""
        left, right = (self.said["next"][side]["id"] for side in ("left", "right"))
        return await self.vote("left" if strength[left] > strength[right] else "right")

    async def leave(self) -> Response:
        """Be forgotten."""
        return await self.client.delete(self._path("voters/me"), headers=self._headers)

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def _path(self, rest: str) -> str:
        return f"/v1/consultations/{self.poll.id}/{rest}"
