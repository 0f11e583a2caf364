"""A page to vote without a log-in: two proposals, one choice, with or without a script."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from service.consultations import queries as consultations
from service.consultations.queries import Whole
from service.consultations.voting import api, queries, tokens
from service.consultations.voting.actions import (
    Elector,
    PairChanged,
    StalePair,
    TooManyVotes,
    UnknownPair,
    UnknownVoter,
    VoterErased,
    VotingClosed,
)
from service.consultations.voting.api import Votes
from service.consultations.voting.booth import PAUSE, Offer, Standing
from service.consultations.voting.models import Reading as Ballots
from service.consultations.voting.schemas import EnterIn
from service.database import Session
from service.errors import GabineteError, NotFound
from service.public.answers import Id
from service.shell.pages import back, language, page, refusal
from service.shell.requests import Here, Reading

router = APIRouter(include_in_schema=False)

KEPT = 180 * 24 * 60 * 60
# What a button says, as it is counted.
PRESSED: dict[str, tuple[str, str | None]] = {
    "left": ("left", None),
    "right": ("right", None),
    "same": ("neither", "same"),
    "unknown": ("neither", "unknown"),
    "unclear": ("neither", "unclear"),
    "neither": ("neither", None),
}
CANNOT = tuple(PRESSED)[2:]
Pressed = Literal["left", "right", "same", "unknown", "unclear", "neither"]
ThemeIn = Annotated[int | None, Form(ge=1, le=2**53)]
ThemeOf = Annotated[int | None, Query(ge=1, le=2**53)]
Campaign = Annotated[str, Query(alias="from", pattern=r"^[A-Za-z0-9_-]{0,40}$")]


@dataclass(frozen=True)
class Shown:
    """What stands in the booth. `state`: begin, pair, pause, done (all compared), erased or closed;
    `notice` names what is said of the act before.
    """

    state: str
    cast: int = 0
    offer: Offer | None = None
    token: str = ""
    notice: str = ""


def voice(request: Request, here: Here, consultation_id: Id) -> Elector | None:
    """The voter of this browser; None before they begin, or where their token is not ours."""
    held = request.cookies.get(cookie(consultation_id), "")
    try:
        return api.elector_of(request, here, consultation_id, held)
    except UnknownVoter:
        return None


Voice = Annotated[Elector | None, Depends(voice)]


def cookie(consultation_id: int) -> str:
    """The name of what a browser keeps to vote with one voice."""
    return f"voice-{consultation_id}"


@router.get("/consultations/{consultation_id}/vote")
async def booth(
    request: Request,
    here: Here,
    session: Reading,
    votes: Votes,
    who: Voice,
    consultation_id: Id,
    theme: ThemeOf = None,
    pause: bool = False,
    campaign: Campaign = "",
) -> Response:
    """The pair that waits for this browser, or how to begin."""
    shown = await _standing(here, votes, who, theme, pause=pause) if who else None
    if shown is not None and _part(request):
        return await _fragment(request, here, consultation_id, shown, theme)
    whole = await asked(session, consultation_id)
    shown = shown or Shown("begin" if whole.row.state == "voting" else "closed")
    return await _page(request, here, whole, shown, theme, campaign=campaign)


async def asked(session: Session, consultation_id: int) -> Whole:
    """A consultation that the public reads. Raises `NotFound`."""
    found = await consultations.whole(session, consultation_id)
    if found is None or not consultations.opened(found.row):
        raise NotFound("There is no such consultation.")
    return found


async def _standing(
    here: Here, votes: Votes, who: Elector, theme: int | None, *, pause: bool = False
) -> Shown:
    try:
        found: Standing = await votes.next(who, theme)
    except VotingClosed:
        return Shown("closed")
    except VoterErased:
        return Shown("erased")
    if found.offer is None:
        return Shown("done", found.cast)
    if pause and found.pause:
        return Shown("pause", found.cast)
    token = tokens.write_pair(here.vault, who.digest, found.offer.pair)
    return Shown("pair", found.cast, found.offer, token)


@router.post("/consultations/{consultation_id}/vote")
async def vote(
    request: Request,
    here: Here,
    votes: Votes,
    who: Voice,
    consultation_id: Id,
    pair: Annotated[str, Form(max_length=120)],
    choice: Annotated[Pressed, Form()],
    theme: ThemeIn = None,
) -> Response:
    """Count a choice, once; then the next pair, in place where a script asks for it."""
    address = f"/consultations/{consultation_id}/vote"
    if who is None:
        return back(address, "voice_lost")
    notice = await _cast(here, votes, who, pair, choice)
    shown = await _standing(here, votes, who, theme, pause=notice == "voted")
    if _part(request):
        told = replace(shown, notice=notice)
        return await _fragment(request, here, consultation_id, told, theme)
    asked_for = [f"theme={theme}"] if theme else []
    asked_for += ["pause=true"] if shown.state == "pause" else []
    said = "" if shown.state in ("pause", "closed", "erased") else notice
    return back(f"{address}?{'&'.join(asked_for)}".rstrip("?"), said)


async def _cast(here: Here, votes: Votes, who: Elector, pair: str, pressed: str) -> str:
    """Count it; gives the name of what became of it."""
    choice, why = PRESSED[pressed]
    try:
        found = await votes.cast(who, tokens.read_pair(here.vault, who.digest, pair), choice, why)
    except (StalePair, UnknownPair, PairChanged):
        return "pair_gone"
    except TooManyVotes:
        return "slow_down"
    except (VotingClosed, VoterErased):
        return "not_counted"
    return "voted" if found.counted else f"voted_before_{found.choice}"


def _part(request: Request) -> bool:
    """Whether a script of ours asks for the booth alone."""
    return request.headers.get("x-part") == "booth"


async def _fragment(
    request: Request, here: Here, consultation_id: int, shown: Shown, theme: int | None
) -> Response:
    response = page(
        request, "vote_booth.html", id=consultation_id, shown=shown, theme=theme, cannot=CANNOT,
        every=PAUSE, reading=await _reading(here, consultation_id, shown),
    )  # fmt: skip
    response.headers["cache-control"] = "private, no-store"
    return response


async def _page(
    request: Request,
    here: Here,
    whole: Whole,
    shown: Shown,
    theme: int | None,
    *,
    campaign: str = "",
    error: str = "",
    status: int = 200,
) -> Response:
    response = page(
        request, "public_vote.html", status=status, id=whole.row.id, shown=shown, theme=theme,
        cannot=CANNOT, every=PAUSE, reading=await _reading(here, whole.row.id, shown),
        whole=whole, theme_name=consultations.theme_name, campaign=campaign, error=error,
    )  # fmt: skip
    response.headers["cache-control"] = "private, no-store"
    return response


async def _reading(here: Here, consultation_id: int, shown: Shown) -> Ballots | None:
    """How many votes there are in all, where that is told: beside thanks."""
    if shown.state not in ("pause", "done"):
        return None
    async with here.database.read() as session:
        return await queries.reading(session, consultation_id)


@router.post("/consultations/{consultation_id}/vote/begin")
async def begin(
    request: Request,
    here: Here,
    session: Reading,
    votes: Votes,
    who: Voice,
    consultation_id: Id,
    campaign: Annotated[str, Form(pattern=r"^[A-Za-z0-9_-]{0,40}$")] = "",
    code: Annotated[str, Form(max_length=60)] = "",
    lives_there: Annotated[bool, Form()] = False,
) -> Response:
    """Give this browser a voice, and lead it to its first pair."""
    address = f"/consultations/{consultation_id}/vote"
    if who is not None:
        return back(address)
    given = EnterIn(campaign=campaign or None, code=code, lives_there=lives_there, theme_id=None)
    try:
        token = await api.new_voice(request, here, votes, consultation_id, given)
    except VotingClosed:
        return back(address)
    except GabineteError as error:
        if error.status == 404:
            raise
        told = refusal(error.code, error.message, language(request))
        whole = await asked(session, consultation_id)
        return await _page(
            request, here, whole, Shown("begin"), None, campaign=campaign, error=told,
            status=error.status,
        )  # fmt: skip
    response = back(address)
    response.set_cookie(
        cookie(consultation_id), token, max_age=KEPT, path=f"/consultations/{consultation_id}",
        secure=here.settings.url.startswith("https://"), httponly=True, samesite="lax",
    )  # fmt: skip
    return response


@router.post("/consultations/{consultation_id}/vote/leave")
async def leave(votes: Votes, who: Voice, consultation_id: Id) -> Response:
    """Be forgotten: the votes stay counted, without whose they are."""
    if who is not None:
        await votes.forget(who)
    return back(f"/consultations/{consultation_id}/vote")
