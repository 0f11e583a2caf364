"""A consultation on health, as the comms team opens it over the API, and what people say to it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from httpx2 import AsyncClient
from sqlalchemy import update

from service.consultations.models import Consultation
from service.consultations.tasks import advance
from service.database import now
from service.installation import Installation
from tests.journeys.colleague import Colleague, hire

TEXTS = {
    "pt": ("Saúde perto", "Como melhorar o atendimento de saúde no seu bairro?"),
    "es": ("Salud cerca", "¿Cómo mejorar la atención de salud en su barrio?"),
    "en": ("Health nearby", "How can health care in your neighbourhood get better?"),
}
THEMES = [
    {"pt": "Postos de saúde", "es": "Centros de salud", "en": "Health posts"},
    {"pt": "Remédios", "es": "Medicamentos", "en": "Medicines"},
]
SEED = "Abrir os postos de saúde dos bairros até as dez da noite, todos os dias da semana."
LIKE = "Abrir os postos de saúde dos bairros até as dez da noite, inclusive aos sábados."
OTHER = "Entregar os remédios de uso contínuo na casa de quem tem mais de setenta anos."


@dataclass(frozen=True)
class Hearing:
    """A consultation and who runs it."""

    here: Installation
    comms: Colleague
    admin: Colleague
    id: int
    themes: tuple[int, ...]

    async def state(self) -> dict[str, Any]:
        """The consultation, as staff see it."""
        found: dict[str, Any] = await self.comms.get(f"/consultations/{self.id}")
        return found

    async def seed(self, text: str = SEED, theme: int = 0) -> int:
        """A proposal of staff."""
        body = {"theme_id": self.themes[theme], "lang": "pt", "text": text}
        return int((await self.comms.post(f"/consultations/{self.id}/proposals", body))["id"])

    async def queue(self, what: str = "waiting") -> list[dict[str, Any]]:
        """What waits for a decision."""
        found: list[dict[str, Any]] = (
            await self.comms.get(f"/consultations/{self.id}/queue", what=what)
        )["items"]
        return found

    async def passes(self, date: str) -> None:
        """A date comes, and moves what it moves."""
        async with self.here.database.write() as session:
            await session.execute(
                update(Consultation)
                .where(Consultation.id == self.id)
                .values({date: now() - timedelta(seconds=1)})
            )
        await advance(self.here)


def plan(**more: Any) -> dict[str, Any]:
    """Dates that follow each other, the first of them gone by."""
    starts = now() - timedelta(minutes=1)
    dates = ("proposing_from", "proposing_until", "screening_until", "voting_until")
    told = {name: (starts + timedelta(days=10 * at)).isoformat() for at, name in enumerate(dates)}
    return {"lang": "pt", **told, **more}


async def open_hearing(
    client: AsyncClient, here: Installation, *, opened: bool = True, **more: Any
) -> Hearing:
    """A consultation in three languages with two themes, open for proposals."""
    comms, admin = await hire(client, here, "comms"), await hire(client, here, "admin")
    made = await comms.post("/consultations", plan(**more))
    path = f"/consultations/{made['id']}"
    for lang, (title, question) in TEXTS.items():
        await comms.put(f"{path}/texts/{lang}", {"title": title, "question": question})
    made = await comms.put(f"{path}/themes", {"themes": THEMES})
    if opened:
        await comms.post(f"{path}/open")
    return Hearing(here, comms, admin, made["id"], tuple(one["id"] for one in made["themes"]))
