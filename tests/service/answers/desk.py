"""What happens to answers in tests: written, approved, published, and what people then have."""

from sqlalchemy import select

from service.answers import actions
from service.answers.models import Answer
from service.channels import deliveries
from service.channels.deliveries import Letter
from service.channels.models import Delivery
from service.database import Session, now
from service.installation import Installation
from service.messages.models import Contribution
from service.people.models import Identity, Person
from service.staff.access import Staffer
from tests.service.issues import town

TEXT = "The water is back on Tuesday. Call 0800 if it is not."


async def pair(session: Session) -> tuple[Staffer, Staffer]:
    """Somebody who writes and somebody who approves."""
    return await town.official(session, role="official"), await town.official(session, role="comms")


async def approved(
    session: Session,
    issue_id: int,
    author: Staffer,
    editor: Staffer,
    *,
    texts: dict[str, str] | None = None,
) -> Answer:
    """An answer that waits to be published; the first text is the original."""
    told = texts or {"en": TEXT}
    lang = next(iter(told))
    answer = await actions.begin(
        session, issue_id, by=author, lang=lang, title="Water", text=told[lang]
    )
    for other, text in told.items():
        await actions.edit(session, answer.id, by=author, lang=other, text=text)
    await actions.submit(session, answer.id, by=author)
    return await actions.approve(session, answer.id, by=editor)


async def published(
    here: Installation,
    session: Session,
    issue_id: int,
    author: Staffer,
    editor: Staffer,
    *,
    texts: dict[str, str] | None = None,
) -> Answer:
    """A published answer."""
    answer = await approved(session, issue_id, author, editor, texts=texts)
    return await actions.publish(session, here, answer.id, actor=editor.actor)


async def letters(session: Session, here: Installation, answer_id: int) -> list[tuple[int, str]]:
    """What went out because of an answer: identity and text, in order."""
    rows = await session.scalars(
        select(Delivery)
        .where(Delivery.cause == "answer", Delivery.cause_id == answer_id)
        .order_by(Delivery.id)
    )
    return [(row.identity_id, here.vault.open(row.sealed or b"")) for row in rows.all()]


async def crowd(session: Session, here: Installation, count: int) -> int:
    """Many people in one issue, written in bulk."""
    moment, sealed = now(), here.vault.seal("CODE")
    people = [Person(code=f"C-{n}", lang=None, created_at=moment) for n in range(count)]
    session.add_all(people)
    await session.flush()
    accounts = [
        Identity(
            person_id=one.id, channel="web", account="main", digest=f"crowd{one.id}", sealed=None,
            created_at=moment,
        )
        for one in people
    ]  # fmt: skip
    session.add_all(accounts)
    said = [
        Contribution(
            person_id=one.id, channel="web", kind="complaint", text="no water", lang="en",
            fingerprint="f", sealed_receipt=sealed, state="received", said_at=moment,
            created_at=moment,
        )
        for one in people
    ]  # fmt: skip
    session.add_all(said)
    await session.flush()
    return await town.issue(session, [one.id for one in said], [one.id for one in people])


async def answered_at_once(
    session: Session, here: Installation, answer_id: int
) -> tuple[tuple[int, int], int]:
    """Somebody whose question a published answer settled when it came."""
    who = await town.person(session)
    said = await town.contribution(session, here.vault, who, "when is the water back")
    issue_id = await town.issue(session, [said], [who[0]], name="water back")
    letter = Letter(
        f"instant:{said}:1", who[1], "web", "instant", answer_id, "There is an answer.", "en"
    )
    await deliveries.post(session, here.vault, [letter])
    await actions.answer_at_once(session, [(said, issue_id, answer_id)])
    return who, said
