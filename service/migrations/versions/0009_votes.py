"""Voters, votes, scores, shortlists and readings."""

import sqlalchemy as sa
from alembic import op

from service.database import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "vote_reading",
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("votes", NUMBER, nullable=False),
        sa.Column("voters", NUMBER, nullable=False),
        sa.Column("suspicious", sa.JSON(), nullable=False),
        sa.Column("campaigns", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("apart", sa.Double(), nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_vote_reading_consultation_id")
        ),
        sa.PrimaryKeyConstraint("consultation_id", name=op.f("pk_vote_reading")),
    )
    op.create_table(
        "voter",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("person_id", NUMBER, nullable=True),
        sa.Column("device", sa.String(), nullable=True),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("flags", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("erased_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_voter_consultation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_voter_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voter")),
        sa.UniqueConstraint(
            "consultation_id", "digest", name=op.f("uq_voter_consultation_id_digest")
        ),
        sa.UniqueConstraint(
            "consultation_id", "person_id", name=op.f("uq_voter_consultation_id_person_id")
        ),
    )
    op.create_index(op.f("ix_voter_person_id"), "voter", ["person_id"], unique=False)
    op.create_table(
        "proposal_score",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("proposal_id", NUMBER, nullable=False),
        sa.Column("counting", sa.String(), nullable=False),
        sa.Column("wins", sa.Double(), nullable=False),
        sa.Column("losses", sa.Double(), nullable=False),
        sa.Column("ties", sa.Double(), nullable=False),
        sa.Column("shown", NUMBER, nullable=False),
        sa.Column("strength", sa.Double(), nullable=False),
        sa.Column("spread", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("consensus", sa.Double(), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_score_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_score")),
        sa.UniqueConstraint(
            "proposal_id", "counting", name=op.f("uq_proposal_score_proposal_id_counting")
        ),
    )
    op.create_table(
        "shortlisted",
        sa.Column("proposal_id", NUMBER, nullable=False),
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("theme_id", NUMBER, nullable=False),
        sa.Column("rank", NUMBER, nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("staff_id", NUMBER, nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_shortlisted_consultation_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_shortlisted_proposal_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_shortlisted_staff_id")),
        sa.ForeignKeyConstraint(
            ["theme_id"], ["consultation_theme.id"], name=op.f("fk_shortlisted_theme_id")
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_shortlisted")),
    )
    op.create_index(
        op.f("ix_shortlisted_consultation_id"), "shortlisted", ["consultation_id"], unique=False
    )
    op.create_table(
        "vote",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("theme_id", NUMBER, nullable=False),
        sa.Column("voter_id", NUMBER, nullable=False),
        sa.Column("low_id", NUMBER, nullable=False),
        sa.Column("high_id", NUMBER, nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("shown_first", NUMBER, nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("flags", sa.String(), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_vote_consultation_id")
        ),
        sa.ForeignKeyConstraint(["high_id"], ["proposal.id"], name=op.f("fk_vote_high_id")),
        sa.ForeignKeyConstraint(["low_id"], ["proposal.id"], name=op.f("fk_vote_low_id")),
        sa.ForeignKeyConstraint(
            ["theme_id"], ["consultation_theme.id"], name=op.f("fk_vote_theme_id")
        ),
        sa.ForeignKeyConstraint(["voter_id"], ["voter.id"], name=op.f("fk_vote_voter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote")),
        sa.UniqueConstraint(
            "voter_id", "low_id", "high_id", name=op.f("uq_vote_voter_id_low_id_high_id")
        ),
    )
    op.create_index(
        op.f("ix_vote_consultation_id_id"), "vote", ["consultation_id", "id"], unique=False
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("ix_vote_consultation_id_id"), table_name="vote")
    op.drop_table("vote")
    op.drop_index(op.f("ix_shortlisted_consultation_id"), table_name="shortlisted")
    op.drop_table("shortlisted")
    op.drop_table("proposal_score")
    op.drop_index(op.f("ix_voter_person_id"), table_name="voter")
    op.drop_table("voter")
    op.drop_table("vote_reading")
