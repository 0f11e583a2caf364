"""Pictures that go with messages: drawn when they leave, and never in the way of the words."""

import pytest

from service.channels import deliveries
from service.channels.contract import Failure, Outbound, Picture, SendError
from service.channels.sending import Sender
from service.database import Database
from service.vault import Vault
from tests.service.channels.test_sending import Office, Platform

CHART = Picture("results-7.png", "image/png", b"\x89PNG", "1. Open at night (75%)")


class Artist:
    """Draws one picture, or does not."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.broken: list[Exception] = []
        self.blank = False

    async def draw(self, reference: str, lang: str) -> Picture | None:
        self.asked.append((reference, lang))
        if self.broken:
            raise self.broken.pop(0)
        return None if self.blank else CHART


@pytest.fixture
def artist() -> Artist:
    return Artist()


@pytest.fixture
def office(database: Database, vault: Vault, artist: Artist) -> Office:
    platform = Platform()
    sender = Sender(database, vault, platform, "w", draw=artist.draw)  # type: ignore[arg-type]
    return Office(database, vault, platform, sender)


async def delivered(office: Office, text: str = "The outcome") -> Outbound:
    """What arrived of one letter with a picture."""
    (reader,) = await office.letters(1, each=0)
    await office.write(reader, text, picture="ranking:7")
    return await arrived(office)


async def arrived(office: Office) -> Outbound:
    await office.run(lambda: bool(office.platform.heard))
    ((_, outbound),) = office.platform.heard
    (row,) = await office.rows()
    assert (row.state, row.error) == ("sent", None)
    return outbound


async def test_only_what_to_draw_is_kept_and_it_is_drawn_when_it_leaves(
    office: Office, artist: Artist
) -> None:
    assert (await delivered(office)).pictures == (CHART,)
    assert artist.asked == [("ranking:7", "en")]
    assert (await office.rows())[0].picture == "ranking:7"


async def test_a_message_without_a_picture_asks_nobody_to_draw(
    office: Office, artist: Artist
) -> None:
    await office.letters(1)
    assert (await arrived(office)).pictures == ()
    assert artist.asked == []


@pytest.mark.parametrize("blank", [True, False])
async def test_what_cannot_be_drawn_leaves_the_words_alone(
    office: Office, artist: Artist, blank: bool
) -> None:
    artist.blank, artist.broken = blank, [] if blank else [RuntimeError("no ink")]
    found = await delivered(office)
    assert (found.text, found.pictures) == ("The outcome", ())


async def test_a_picture_that_is_refused_is_left_out_at_once_and_nothing_comes_twice(
    office: Office,
) -> None:
    office.platform.refusals = [SendError(Failure.rejected, "PHOTO_INVALID", taken=("m0",))]
    found = await delivered(office)
    assert (found.pictures, found.taken) == ((), ("m0",)), "what had arrived is not sent again"
    assert len(office.platform.left) == 2


@pytest.mark.parametrize("failure", [Failure.ambiguous, Failure.recipient_gone])
async def test_nothing_is_tried_again_where_it_may_have_arrived_or_nobody_is_there(
    office: Office, failure: Failure
) -> None:
    office.platform.refusals = [SendError(failure, "lost")]
    (reader,) = await office.letters(1, each=0)
    await office.write(reader, "The outcome", picture="ranking:7")
    await office.run(lambda: bool(office.platform.left))
    assert len(office.platform.left) == 1
    (row,) = await office.rows()
    assert row.state == ("uncertain" if failure is Failure.ambiguous else "failed")


async def test_the_words_that_fail_without_their_picture_too_fail_as_such(office: Office) -> None:
    office.platform.refusals = [
        SendError(Failure.rejected, "no picture", taken=("m0",)),
        SendError(Failure.retry, "away", 0, taken=("m1",)),
    ]
    found = await delivered(office)
    assert found.taken == ("m0", "m1"), "the next try goes on where both ended"
    assert found.pictures == (CHART,), "and has its picture again"


async def test_who_is_forgotten_leaves_no_picture(office: Office, database: Database) -> None:
    (reader,) = await office.letters(1, each=0)
    await office.write(reader, "The outcome", picture="ranking:7")
    async with database.write() as session:
        await deliveries.forget(session, [reader])
    assert [row.picture for row in await office.rows()] == [None]
