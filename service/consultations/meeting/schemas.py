"""Wire shapes of meetings, invitations and outcomes."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, HttpUrl

from service.consultations.meeting.actions import Plan
from service.consultations.meeting.models import Meeting, Outcome
from service.consultations.meeting.queries import Named
from service.consultations.proposals.models import Proposal
from service.consultations.schemas import HIGHEST, Reason

MOST_SEATS = 1000
Seats = Annotated[int, Field(ge=0, le=MOST_SEATS, examples=[20])]


class MeetingIn(BaseModel):
    """What staff decide of a meeting."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    answer_until: AwareDatetime
    author_seats: Seats
    lottery_seats: Seats
    address: str | None = Field(None, max_length=500, examples=["Rua da Praia 100, sala 2"])
    link: HttpUrl | None = None

    def plan(self) -> Plan:
        """As the actions take it."""
        given = self.model_dump(exclude={"link", "address"})
        address = (self.address or "").strip() or None
        return Plan(**given, address=address, link=str(self.link) if self.link else None)


class CallOffIn(BaseModel):
    """Why it does not take place; those invited read it."""

    reason: Reason


class StratumOut(BaseModel):
    """People of a place and a channel, empty for all others, and the seats that are theirs; no size
    where the public does not read so small a number.
    """

    place: str = Field(examples=["Vila Nova"])
    channel: str = Field(examples=["telegram"])
    size: int | None
    seats: int


class DrawOut(BaseModel):
    """How the lots were drawn, so that it can be checked: the same people, seats, `least` and seed
    give the same draw. `pool` is the SHA-256 of their pseudonyms, sorted, with a line feed between
    them.
    """

    seed: str = Field(examples=["9f2c4e1ab0d34f7c8e5a6b7c8d9e0f1a"])
    method: str = Field(examples=["A stratum is a place and a channel."])
    least: int | None
    pool: str = Field(examples=["3b1f8a…"])
    people: int | None
    seats: int
    authors: int
    strata: list[StratumOut]
    drawn_at: datetime


class MeetingOut(BaseModel):
    """A meeting, as staff see it; `invitations` are counted by kind and state."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    consultation_id: int
    starts_at: datetime
    ends_at: datetime
    answer_until: datetime
    author_seats: int
    lottery_seats: int
    address: str | None = Field(examples=["Rua da Praia 100, sala 2"])
    link: str | None = Field(examples=["https://meet.example/saude"])
    edition: int
    called_off_at: datetime | None
    reason: str | None = Field(examples=["The hall is flooded."])
    created_by: int
    created_at: datetime
    changed_at: datetime
    draw: DrawOut | None = None
    invitations: dict[str, dict[str, int]] = Field(
        default_factory=dict, examples=[{"author": {"accepted": 8}, "lottery": {"waiting": 90}}]
    )


class InvitationOut(BaseModel):
    """A place in the order in which seats are given; `person` is a pseudonym, none once erased."""

    id: int
    kind: str = Field(examples=["lottery"])
    position: int
    stratum: int | None
    lot: str | None = Field(examples=["04d1c7…"])
    state: str = Field(examples=["invited"])
    person: str | None = Field(examples=["P-4XQ7M2K9AB"])
    channel: str | None = Field(examples=["telegram"])
    invited_at: datetime | None
    answer_until: datetime | None
    answered_at: datetime | None


class InvitationPage(BaseModel):
    """A page of invitations, authors first."""

    items: list[InvitationOut]
    total: int


class OutcomeIn(BaseModel):
    """What came of it, in one language."""

    decision: str = Field(max_length=20_000, examples=["Os postos abrem até as 20 horas em maio."])
    notes: str | None = Field(None, max_length=50_000, examples=["Vieram quarenta pessoas."])
    video_url: HttpUrl | None = None


class OutcomeOut(BaseModel):
    """What came of it, in one language."""

    model_config = ConfigDict(from_attributes=True)

    lang: str = Field(examples=["pt"])
    decision: str = Field(examples=["Os postos abrem até as 20 horas em maio."])
    notes: str | None = Field(examples=["Vieram quarenta pessoas."])
    video_url: str | None = Field(examples=["https://video.example/encontro"])
    at: datetime


class LeaveOutIn(BaseModel):
    """Why proposals get no reply of their own; without `proposals`, all that still lack one."""

    reason: Reason
    proposals: list[Annotated[int, Field(ge=1, le=HIGHEST)]] = Field(
        default_factory=list, max_length=5000
    )


class LackingOut(BaseModel):
    """A proposal that has neither a reply nor a reason why it gets none."""

    id: int
    state: str = Field(examples=["admitted"])
    theme_id: int
    shown: str = Field(examples=["Abrir o posto do bairro até as 20 horas."])


class ClosingOut(BaseModel):
    """What is there for the end of a consultation, and the proposals that still lack a reply."""

    outcomes: list[OutcomeOut]
    without_reply: int
    lacking: list[LackingOut]


class PublicMeetingOut(BaseModel):
    """When it is, and how the seats were given; where it is, those invited are told."""

    starts_at: datetime
    ends_at: datetime
    author_seats: int
    lottery_seats: int
    called_off: bool
    reason: str | None = Field(examples=["The hall is flooded."])
    draw: DrawOut | None
    accepted: int | None


class EndingOut(BaseModel):
    """The meeting of a consultation and what came of it, as far as the public reads them."""

    licence: str = Field(examples=["CC-BY-4.0"])
    meeting: PublicMeetingOut | None
    outcomes: list[OutcomeOut]


def draw(row: Meeting, *, least: int = 0) -> DrawOut | None:
    """How the lots were drawn; sizes below `least` are not told."""
    if row.draw is None or row.seed is None or row.drawn_at is None:
        return None
    told: dict[str, Any] = row.draw
    hidden = any(one["size"] < least for one in told["strata"])
    strata = [
        StratumOut(**{**one, "size": one["size"] if one["size"] >= least else None})
        for one in told["strata"]
    ]
    return DrawOut(
        seed=row.seed, method=told["method"], least=told.get("least"), pool=told["pool"],
        people=None if hidden else told["people"], seats=told["seats"], authors=told["authors"],
        strata=strata, drawn_at=row.drawn_at,
    )  # fmt: skip


def meeting(row: Meeting, counts: dict[str, dict[str, int]]) -> MeetingOut:
    """A meeting as it is told to staff."""
    names = MeetingOut.model_fields.keys() - {"draw", "invitations"}
    told = {name: getattr(row, name) for name in names}
    return MeetingOut(**told, draw=draw(row), invitations=counts)


def public(row: Meeting, counts: dict[str, dict[str, int]], least: int) -> PublicMeetingOut:
    """A meeting as the public reads it."""
    accepted = sum(one.get("accepted", 0) for one in counts.values())
    return PublicMeetingOut(
        starts_at=row.starts_at, ends_at=row.ends_at, author_seats=row.author_seats,
        lottery_seats=row.lottery_seats, called_off=row.called_off_at is not None,
        reason=row.reason, draw=draw(row, least=least),
        accepted=accepted if accepted >= least else None,
    )  # fmt: skip


def invitation(one: Named) -> InvitationOut:
    """An invitation as it is told to staff."""
    names = InvitationOut.model_fields.keys() - {"person", "channel"}
    told = {name: getattr(one.row, name) for name in names}
    return InvitationOut(**told, person=one.code, channel=one.channel)


def closing(
    outcomes: dict[str, Outcome], without_reply: int, lacking: list[Proposal]
) -> ClosingOut:
    """What is there for the end, and what lacks."""
    return ClosingOut(
        outcomes=[OutcomeOut.model_validate(one) for one in outcomes.values()],
        without_reply=without_reply,
        lacking=[
            LackingOut(id=one.id, state=one.state, theme_id=one.theme_id, shown=one.shown)
            for one in lacking
        ],
    )
