"""A campaign: one letter from many senders is folded, however each signs it."""

from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import func, select

from service.installation import Installation
from service.issues.labelling import queries as labelling
from service.issues.listing import queries as listing
from service.issues.models import Issue
from service.messages.models import Contribution, Sketch
from tests.journeys.citizen import Citizen
from tests.service.conversations.platform import settled

LETTER = (
    "Sou {name} e peço que a prefeitura reabra já o posto de saúde da vila, porque as famílias "
    "estão sem médico desde março e precisam andar duas horas até o hospital mais próximo."
)
SIGNED = [LETTER.format(name=name) for name in ("Ana", "Bento", "Célia")]
OTHER = (
    "Quero saber quando o posto de saúde da vila volta a ter dentista, pois a minha mãe tem dor de "
    "dente há semanas e ninguém sabe dizer nada sobre isso no balcão de atendimento."
)


async def test_a_letter_that_each_signs_with_their_name_is_one_campaign(
    client: AsyncClient, installation: Installation
) -> None:
    for said in (*SIGNED, OTHER):
        await Citizen(client).say(said)
    async with installation.database.read() as session:
        kept = (await session.scalars(select(Contribution).order_by(Contribution.id))).all()
        roots = (await session.scalars(select(Issue.root_id).distinct())).all()
        campaigns = [one for root in roots for one in await listing.campaigns(session, root)]
    prints = [one.fingerprint for one in kept]
    assert [one.text for one in kept] == [*SIGNED, OTHER], "nobody's words are rewritten"
    assert prints[0] == prints[1] == prints[2] != prints[3]
    assert [(one.text, one.copies) for one in campaigns] == [(SIGNED[0], 3)]


async def test_copies_that_come_together_are_folded_and_count_as_one_voice(
    app: FastAPI, client: AsyncClient, installation: Installation
) -> None:
    citizens = [Citizen(client) for _ in SIGNED]
    for citizen, said in zip(citizens, SIGNED, strict=True):
        await citizen.post({"text": said})
    await settled(app, installation)
    async with installation.database.read() as session:
        marks = (await session.scalars(select(Contribution.fingerprint).distinct())).all()
        first = await session.scalar(select(func.min(Contribution.said_at)))
        assert first is not None
        young = await labelling.young(session, first, first)
    assert len(marks) == 1
    assert [one.voices for one in young if one.size == 3] == [1]


async def test_what_copies_are_known_by_goes_with_the_words(
    client: AsyncClient, installation: Installation
) -> None:
    citizen = Citizen(client)
    await citizen.say(SIGNED[0])
    async with installation.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Sketch))
    await citizen.say("/apagar")
    await citizen.press("Sim, apagar tudo")
    async with installation.database.read() as session:
        assert not await session.scalar(select(func.count()).select_from(Sketch))
