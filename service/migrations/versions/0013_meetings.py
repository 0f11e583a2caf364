"""Meetings, invitations, outcomes, and proposals that get no reply."""

import sqlalchemy as sa
from alembic import op

from service.database import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "meeting",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("author_seats", NUMBER, nullable=False),
        sa.Column("lottery_seats", NUMBER, nullable=False),
        sa.Column("answer_until", MOMENT, nullable=False),
        sa.Column("seed", sa.String(), nullable=True),
        sa.Column("draw", sa.JSON(), nullable=True),
        sa.Column("drawn_at", MOMENT, nullable=True),
        sa.Column("edition", NUMBER, nullable=False),
        sa.Column("called_off_at", MOMENT, nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_by", NUMBER, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        *_keys("meeting", consultation_id="consultation", created_by="staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sa.UniqueConstraint("consultation_id", name=op.f("uq_meeting_consultation_id")),
    )
    _invitations()
    _outcomes()


def _keys(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}"))
        for name, other in columns.items()
    ]


def _invitations() -> None:
    op.create_table(
        "meeting_invitation",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("meeting_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=True),
        sa.Column("identity_id", NUMBER, nullable=True),
        sa.Column("lang", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("stratum", NUMBER, nullable=True),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("lot", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("invited_at", MOMENT, nullable=True),
        sa.Column("answer_until", MOMENT, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("calendar", sa.String(), nullable=True),
        *_keys(
            "meeting_invitation", meeting_id="meeting", person_id="person", identity_id="identity"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_invitation")),
        sa.UniqueConstraint(
            "meeting_id", "person_id", name=op.f("uq_meeting_invitation_meeting_id_person_id")
        ),
        sa.UniqueConstraint("calendar", name=op.f("uq_meeting_invitation_calendar")),
    )
    columns = ["meeting_id", "state", "kind", "position"]
    op.create_index(
        op.f(f"ix_meeting_invitation_{'_'.join(columns)}"), "meeting_invitation", columns
    )
    op.create_index(op.f("ix_meeting_invitation_person_id"), "meeting_invitation", ["person_id"])


def _outcomes() -> None:
    op.create_table(
        "consultation_outcome",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("notes", sa.String(), nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("video_url", sa.String(), nullable=True),
        sa.Column("staff_id", NUMBER, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *_keys("consultation_outcome", consultation_id="consultation", staff_id="staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_outcome")),
        sa.UniqueConstraint(
            "consultation_id", "lang", name=op.f("uq_consultation_outcome_consultation_id_lang")
        ),
    )
    op.create_table(
        "reply_left_out",
        sa.Column("proposal_id", NUMBER, nullable=False),
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("staff_id", NUMBER, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *_keys(
            "reply_left_out", proposal_id="proposal", consultation_id="consultation",
            staff_id="staff",
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_reply_left_out")),
    )  # fmt: skip
    op.create_index(
        op.f("ix_reply_left_out_consultation_id"), "reply_left_out", ["consultation_id"]
    )


def downgrade() -> None:
    """Take it back."""
    for table in ("reply_left_out", "consultation_outcome", "meeting_invitation", "meeting"):
        op.drop_table(table)
