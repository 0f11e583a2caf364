"""Voting over HTTP: browsers without a log-in (`voters`), and what staff read and decide
(`router`).
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel

from service.consultations import actions as consultations
from service.consultations import queries as consultation_queries
from service.consultations.api import Id, Running
from service.consultations.entering.actions import NotLetIn
from service.consultations.models import Consultation
from service.consultations.standing.actions import UnknownConsultation
from service.consultations.voting import actions, devices, results, tokens
from service.consultations.voting.actions import Elector, UnknownVoter
from service.consultations.voting.booth import Booth, Offer, Standing
from service.consultations.voting.schemas import (
    AdjustIn,
    EnteredOut,
    EnterIn,
    ListedOut,
    PairOut,
    ResultsOut,
    SideOut,
    StandingOut,
    VotedOut,
    VoteIn,
)
from service.database import Session
from service.errors import Forbidden, GabineteError
from service.limiting import per_hour, per_minute
from service.shell.requests import Here, Reading, Writing
from service.staff.access import Asker

voters = APIRouter(prefix="/v1", tags=["voting"])
router = APIRouter(tags=["consultations"])

TRIES = per_minute(10)
ThemeId = Annotated[int | None, Query(ge=1, le=2**53)]


class TooManyVoters(GabineteError):
    """More browsers began to vote from one address than a household or an office has."""

    code = "too_many_voters"
    status = 429


class NotLivingThere(Forbidden):
    """The consultation is open to a place, and the voter does not say that they live there."""

    code = "not_living_there"


async def booth(request: Request) -> Booth:
    """Where this process takes votes."""
    found: Booth = request.app.state.booth
    return found


Votes = Annotated[Booth, Depends(booth)]


async def elector(
    request: Request,
    here: Here,
    consultation_id: Id,
    authorization: Annotated[str, Header(max_length=200)] = "",
) -> Elector:
    """The voter whose token a browser sends as `Authorization: Bearer …`."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer":
        raise UnknownVoter("Send your token as `Authorization: Bearer …`.")
    return elector_of(request, here, consultation_id, token.strip())


Voting = Annotated[Elector, Depends(elector)]


def elector_of(request: Request, here: Here, consultation_id: int, token: str) -> Elector:
    digest, campaign = tokens.read_voter(here.vault, consultation_id, token)
    told = [request.headers.get(name, "") for name in devices.TOLD]
    device = devices.mark(here.vault, _address(request), *told)
    return Elector(consultation_id, digest, "web", device=device, campaign=campaign)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


@voters.post("/consultations/{consultation_id}/voters", status_code=201, response_model=EnteredOut)
async def enter(
    request: Request, here: Here, votes: Votes, consultation_id: Id, body: EnterIn
) -> Response:
    """Begin to vote: a token to keep in the browser, and the first pair."""
    token = await new_voice(request, here, votes, consultation_id, body)
    who = elector_of(request, here, consultation_id, token)
    standing = _standing(here, who, await votes.begin(who, body.theme_id))
    return _json(
        EnteredOut(token=token, cast=standing.cast, pause=standing.pause, next=standing.next), 201
    )


async def new_voice(
    request: Request, here: Here, votes: Votes, consultation_id: int, body: EnterIn
) -> str:
    """The token of a browser that may begin to vote. Raises `NotLetIn`, `NotLivingThere`,
    `TooManyVoters`, `UnknownConsultation`.
    """
    row = await votes.consultation(consultation_id)
    home = devices.household(_address(request))
    guessed = row.open_to == "code" and bool(body.code)
    if guessed and not votes.limiter.test(TRIES, "code", home):
        raise TooManyVoters("Too many codes were tried from this address; wait a minute.")
    try:
        _let_in(here, row, body)
    except NotLetIn:
        if guessed:
            votes.limiter.hit(TRIES, "code", home)
        raise
    limit = per_hour(here.settings.voters_per_hour)
    if not votes.limiter.hit(limit, "enter", home):
        raise TooManyVoters("Too many began to vote from this address; try again in an hour.")
    return tokens.new_voter(here.vault, consultation_id, body.campaign)


async def _open(session: Session, consultation_id: int) -> Consultation:
    row = await consultation_queries.consultation(session, consultation_id)
    if row is None or row.state == "drafted":
        raise UnknownConsultation("There is no such consultation.")
    return row


def _let_in(here: Here, row: Consultation, body: EnterIn) -> None:
    if row.open_to == "code":
        consultations.check_code(here.vault, row, body.code or "")
    if row.open_to == "place" and not body.lives_there:
        raise NotLivingThere(f"Only who lives in {row.place} votes here: say that you do.")


@voters.get("/consultations/{consultation_id}/pair")
async def pair(here: Here, votes: Votes, who: Voting, theme_id: ThemeId = None) -> StandingOut:
    """The pair that waits for this voter."""
    return _standing(here, who, await votes.next(who, theme_id))


@voters.post("/consultations/{consultation_id}/votes", response_model=VotedOut)
async def vote(here: Here, votes: Votes, who: Voting, body: VoteIn) -> Response:
    """Choose, once; the answer has the next pair. The first choice on a pair counts."""
    chosen = tokens.read_pair(here.vault, who.digest, body.pair)
    found = await votes.cast(who, chosen, body.choice, body.why)
    standing = _standing(here, who, await votes.next(who, body.theme_id))
    told = VotedOut(
        counted=found.counted, choice=found.choice, cast=standing.cast, pause=standing.pause,
        next=standing.next,
    )  # fmt: skip
    return _json(told)


def _json(told: BaseModel, status: int = 200) -> Response:
    """What was just made is not checked once more: it is asked for hundreds of times a second, or
    long.
    """
    return Response(told.model_dump_json(), status, media_type="application/json")


@voters.delete("/consultations/{consultation_id}/voters/me", status_code=204)
async def leave(votes: Votes, who: Voting) -> None:
    """Be forgotten: the votes stay counted without you, and you do not vote here again."""
    await votes.forget(who)


@voters.get("/consultations/{consultation_id}/results", response_model=ResultsOut)
async def public_results(session: Reading, consultation_id: Id) -> Response:
    """The results, once they are shown."""
    return _json(await results.shown(session, await _open(session, consultation_id)))


def _standing(here: Here, who: Elector, found: Standing) -> StandingOut:
    offer = found.offer
    told = _pair(here, who, offer) if offer is not None else None
    return StandingOut(cast=found.cast, pause=found.pause, next=told)


def _pair(here: Here, who: Elector, offer: Offer) -> PairOut:
    left, right = (
        SideOut(id=one.id, lang=one.lang, text=one.text) for one in (offer.left, offer.right)
    )
    token = tokens.write_pair(here.vault, who.digest, offer.pair)
    return PairOut(pair=token, theme=offer.names[offer.lang], left=left, right=right)


@router.get("/consultations/{consultation_id}/results")
async def staff_results(session: Reading, asker: Asker, consultation_id: Id) -> ResultsOut:
    """What the votes say so far, also while the public does not read it."""
    return await results.told(session, await _open(session, consultation_id))


@router.put("/consultations/{consultation_id}/shortlist/{proposal_id}")
async def adjust(
    session: Writing, asker: Running, consultation_id: Id, proposal_id: Id, body: AdjustIn
) -> ListedOut:
    """Put a proposal on the shortlist or take it off, with a reason that the public reads."""
    row = await actions.adjust(
        session, consultation_id, proposal_id, listed=body.listed, reason=body.reason, by=asker
    )
    return ListedOut.model_validate(row)
