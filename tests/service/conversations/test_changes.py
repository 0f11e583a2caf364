"""What platforms tell afterwards: edited, deleted; and what is not text."""

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select, update

from service.channels.contract import Address, Failure, Inbound
from service.channels.models import Delivery
from service.installation import Installation
from service.messages.models import Contribution, ContributionVector, Message
from tests.journeys.colleague import hire
from tests.service.conversations.platform import inbound, settled

WATER, STREET = "falta água na rua das flores", "desde segunda-feira"


async def contributions(here: Installation) -> list[Contribution]:
    """What was made of all that was said."""
    async with here.database.read() as session:
        return list((await session.scalars(select(Contribution).order_by(Contribution.id))).all())


async def words(here: Installation) -> list[tuple[str, bool]]:
    """Every message that is kept, and whether it is the newest version."""
    async with here.database.read() as session:
        rows = await session.execute(select(Message.text, Message.live).order_by(Message.id))
        return [(row[0], row[1]) for row in rows.all()]


async def vectors(here: Installation) -> list[bytes]:
    """The vectors of contributions."""
    async with here.database.read() as session:
        return list((await session.scalars(select(ContributionVector.vector))).all())


async def test_an_edit_changes_the_contribution_and_keeps_both_versions(
    app: FastAPI, installation: Installation
) -> None:
    first = inbound("text", "1", WATER)
    await settled(app, installation, first, inbound("text", "2", STREET))
    before = await vectors(installation)
    edit = inbound("edited", "1", "falta luz na rua das acácias", version=1)
    told = await settled(app, installation, first, edit, edit)
    (only,) = await contributions(installation)
    assert only.text == f"falta luz na rua das acácias\n{STREET}"
    assert await words(installation) == [
        (WATER, False),
        (STREET, True),
        ("falta luz na rua das acácias", True),
    ]
    assert await vectors(installation) != before, "it is understood anew"
    assert told[-1].startswith("Trocamos o que você escreveu")
    again = inbound("edited", "1", "falta luz na rua das acácias, 12", version=2)
    await settled(app, installation, again)
    (only,) = await contributions(installation)
    assert only.text == f"falta luz na rua das acácias, 12\n{STREET}"


async def test_an_edit_that_comes_together_with_its_message_waits_for_it(
    app: FastAPI, installation: Installation
) -> None:
    edit = inbound("edited", "1", f"{WATER}, 12", version=1)
    await settled(app, installation, inbound("text", "1", WATER), edit)
    assert [one.text for one in await contributions(installation)] == [f"{WATER}, 12"]


async def test_small_talk_edited_into_a_matter_is_a_matter(
    app: FastAPI, installation: Installation
) -> None:
    await settled(app, installation, inbound("text", "1", "oi"))
    await settled(app, installation, inbound("edited", "1", WATER, version=1))
    assert [one.text for one in await contributions(installation)] == [WATER]
    assert await words(installation) == [("oi", False), (WATER, True)]


async def test_an_edit_of_what_nobody_knows_is_a_message(
    app: FastAPI, installation: Installation
) -> None:
    await settled(app, installation, inbound("edited", "9", WATER, version=1))
    assert [one.text for one in await contributions(installation)] == [WATER]


def deletion(external_id: str) -> Inbound:
    """A platform tells that a message is gone, and not whose it was."""
    return inbound("deleted", external_id, sender="", address=Address("web", "main", ""))


async def test_who_deletes_a_message_takes_the_request_back(
    app: FastAPI, client: AsyncClient, installation: Installation
) -> None:
    told = await settled(app, installation, inbound("text", "1", WATER), deletion("1"))
    (only,) = await contributions(installation)
    assert (only.state, only.text, only.receipt) == ("withdrawn", "", None)
    assert told[-1].startswith("Você apagou a mensagem, então retiramos o pedido")
    assert await vectors(installation) == []
    assert await words(installation) == [("", False)]
    admin = await hire(client, installation, "admin")
    assert WATER not in str(await admin.get("/issues", singles=True))
    await settled(app, installation, deletion("1"))


async def test_who_deletes_one_of_several_messages_takes_only_that_back(
    app: FastAPI, installation: Installation
) -> None:
    await settled(app, installation, inbound("text", "1", WATER), inbound("text", "2", STREET))
    told = await settled(app, installation, deletion("2"))
    (only,) = await contributions(installation)
    assert (only.state, only.text) == ("received", WATER)
    assert told[-1].startswith("Trocamos o que você escreveu")
    async with installation.database.read() as session:
        sealed = (await session.scalars(select(Message.sealed).order_by(Message.id))).all()
    assert [one is None for one in sealed] == [False, True], "no word of it stays"


@pytest.mark.parametrize("first", ["oi", WATER])
async def test_who_deletes_an_edited_message_takes_every_version_back(
    app: FastAPI, installation: Installation, first: str
) -> None:
    await settled(app, installation, inbound("text", "0", "falta luz na rua das acácias"))
    await settled(app, installation, inbound("text", "1", first))
    await settled(app, installation, inbound("edited", "1", "obrigado", version=1))
    await settled(app, installation, deletion("1"))
    async with installation.database.read() as session:
        kept = (await session.scalars(select(Message).where(Message.sealed.is_not(None)))).all()
    assert [one.text for one in kept] == ["falta luz na rua das acácias"]


async def test_what_was_edited_after_its_answer_and_deleted_leaves_no_word_of_either(
    app: FastAPI, installation: Installation
) -> None:
    await settled(app, installation, inbound("text", "1", WATER))
    async with installation.database.write() as session:
        await session.execute(update(Contribution).values(state="answered"))
    edited = inbound("edited", "1", "o ônibus 12 não passa no bairro", version=1)
    await settled(app, installation, edited)
    assert len(await contributions(installation)) == 2
    told = await settled(app, installation, deletion("1"))
    states = [(one.state, one.text) for one in await contributions(installation)]
    assert states == [("withdrawn", "")] * 2
    assert await vectors(installation) == []
    assert sum(text.startswith("Você apagou a mensagem") for text in told) == 1


@pytest.mark.parametrize(
    ("medium", "said"),
    [
        ("photo", "Ainda não vemos fotos"),
        ("voice", "Ainda não ouvimos áudios"),
        ("video", "Ainda não vemos vídeos"),
        ("document", "Ainda não lemos arquivos"),
        ("location", "Não guardamos localizações"),
        ("contact", "Não guardamos contatos"),
        ("sticker", "Bonita figurinha"),
        (None, "Só lemos texto"),
    ],
)
async def test_what_is_not_text_is_answered_truthfully(
    app: FastAPI, installation: Installation, medium: str | None, said: str
) -> None:
    (told,) = await settled(app, installation, inbound("media", lang="pt", medium=medium))
    assert told.startswith(said)
    assert await contributions(installation) == []


async def test_a_caption_is_taken_and_an_album_is_answered_once(
    app: FastAPI, installation: Installation
) -> None:
    shown = [inbound("media", str(n), lang="pt", medium="photo") for n in range(3)]
    shown[0] = inbound("media", "0", WATER, lang="pt", medium="photo")
    told = await settled(app, installation, *shown)
    assert [one.text for one in await contributions(installation)] == [WATER]
    assert len(told) <= 2
    assert "Recebemos" in told[0]
    assert "Guardamos suas palavras" in told[0]


async def test_a_link_carries_its_campaign_and_only_issues_that_staff_named(
    app: FastAPI, client: AsyncClient, installation: Installation
) -> None:
    await settled(app, installation, inbound("text", "1", WATER))
    admin = await hire(client, installation, "admin")
    (issue,) = (await admin.get("/issues", singles=True))["items"]
    link = f"/start issue-{issue['id']}"
    told = await settled(app, installation, by("bia", "2", link))
    assert WATER not in told[-1], "what others said is not shown to strangers"
    await admin.post(f"/issues/{issue['id']}/rename", {"name": "Água na Rua das Flores"})
    told = await settled(app, installation, by("bia", "3", link))
    assert "Você veio por: Água na Rua das Flores" in told[-1]
    told = await settled(app, installation, by("bia", "4", "", payload=f"join:{issue['id']}"))
    assert told[-1] == "Você receberá avisos sobre: Água na Rua das Flores"
    told = await settled(app, installation, by("bia", "5", "", payload="join:77"))
    assert "já não vale" in told[-1]
    await settled(app, installation, by("caio", "6", "/start spring-2027"))
    await settled(
        app, installation, by("caio", "7", "o ônibus 343 está sempre atrasado", kind="text")
    )
    rows = (await client.get("/api/v1/export/messages", headers=admin.headers)).text
    assert '"campaign": "spring-2027"' in rows


def by(
    who: str, external_id: str, text: str, kind: str = "", payload: str | None = None
) -> Inbound:
    """Something said by another person."""
    name = who * 12
    made = kind or ("button" if payload else "command")
    return inbound(
        made, external_id, text, sender=name, address=Address("web", "main", name),
        payload=payload, lang="pt",
    )  # fmt: skip


async def test_who_opens_a_conversation_gets_what_could_not_reach_them(
    app: FastAPI, installation: Installation
) -> None:
    await settled(app, installation, inbound("text", "1", WATER))
    async with installation.database.write() as session:
        await session.execute(
            update(Delivery).values(state="failed", failure=Failure.recipient_gone.value)
        )
    await settled(app, installation, inbound("joined", "2"))
    async with installation.database.read() as session:
        assert (await session.scalars(select(Delivery.state))).all() == ["waiting"]
