"""Consultations, their themes and dates, and what people propose."""

import sqlalchemy as sa
from alembic import op

from service.database import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "consultation",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("open_to", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("entry_digest", sa.String(), nullable=True),
        sa.Column("picture_url", sa.String(), nullable=True),
        sa.Column("video_url", sa.String(), nullable=True),
        sa.Column("scores_shown", sa.String(), nullable=False),
        sa.Column("shortlist_size", NUMBER, nullable=False),
        sa.Column("proposing_from", UtcDateTime(timezone=True), nullable=False),
        sa.Column("proposing_until", UtcDateTime(timezone=True), nullable=False),
        sa.Column("screening_until", UtcDateTime(timezone=True), nullable=False),
        sa.Column("voting_until", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ready_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_by", NUMBER, nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["staff.id"], name=op.f("fk_consultation_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    op.create_index(op.f("ix_consultation_state"), "consultation", ["state"], unique=False)
    op.create_table(
        "consultation_extension",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("was", UtcDateTime(timezone=True), nullable=False),
        sa.Column("became", UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("staff_id", NUMBER, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultation.id"],
            name=op.f("fk_consultation_extension_consultation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_consultation_extension_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_extension")),
    )
    op.create_index(
        op.f("ix_consultation_extension_consultation_id"),
        "consultation_extension",
        ["consultation_id"],
        unique=False,
    )
    op.create_table(
        "consultation_participant",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultation.id"],
            name=op.f("fk_consultation_participant_consultation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_consultation_participant_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_participant")),
        sa.UniqueConstraint(
            "consultation_id",
            "person_id",
            name=op.f("uq_consultation_participant_consultation_id_person_id"),
        ),
    )
    op.create_table(
        "consultation_text",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultation.id"],
            name=op.f("fk_consultation_text_consultation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_text")),
        sa.UniqueConstraint(
            "consultation_id", "lang", name=op.f("uq_consultation_text_consultation_id_lang")
        ),
    )
    op.create_table(
        "consultation_theme",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultation.id"],
            name=op.f("fk_consultation_theme_consultation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_theme")),
        sa.UniqueConstraint(
            "consultation_id",
            "position",
            name=op.f("uq_consultation_theme_consultation_id_position"),
        ),
    )
    op.create_table(
        "proposal",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("consultation_id", NUMBER, nullable=False),
        sa.Column("theme_id", NUMBER, nullable=False),
        sa.Column("themed_by", sa.String(), nullable=False),
        sa.Column("person_id", NUMBER, nullable=True),
        sa.Column("identity_id", NUMBER, nullable=True),
        sa.Column("message_id", NUMBER, nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("edited", sa.String(), nullable=True),
        sa.Column("differs", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("review_asked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("reviewed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", NUMBER, nullable=True),
        sa.Column("shown_with", NUMBER, nullable=True),
        sa.Column("joins_id", NUMBER, nullable=True),
        sa.Column("joins_asked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.String(), nullable=True),
        sa.Column("replied_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("admitted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_proposal_consultation_id")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_proposal_decided_by")),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_proposal_identity_id")
        ),
        sa.ForeignKeyConstraint(["joins_id"], ["proposal.id"], name=op.f("fk_proposal_joins_id")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_proposal_message_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_proposal_person_id")),
        sa.ForeignKeyConstraint(
            ["shown_with"], ["proposal.id"], name=op.f("fk_proposal_shown_with")
        ),
        sa.ForeignKeyConstraint(
            ["theme_id"], ["consultation_theme.id"], name=op.f("fk_proposal_theme_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("message_id", name=op.f("uq_proposal_message_id")),
    )
    op.create_index(
        op.f("ix_proposal_consultation_id_state_id"),
        "proposal",
        ["consultation_id", "state", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_proposal_joins_id"), "proposal", ["joins_id"], unique=False)
    op.create_index(op.f("ix_proposal_person_id"), "proposal", ["person_id"], unique=False)
    op.create_index(op.f("ix_proposal_shown_with"), "proposal", ["shown_with"], unique=False)
    op.create_index(op.f("ix_proposal_theme_id"), "proposal", ["theme_id"], unique=False)
    op.create_table(
        "proposal_support",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("proposal_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("identity_id", NUMBER, nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_proposal_support_identity_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_proposal_support_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_support_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_support")),
        sa.UniqueConstraint(
            "proposal_id", "person_id", name=op.f("uq_proposal_support_proposal_id_person_id")
        ),
    )
    op.create_index(
        op.f("ix_proposal_support_person_id"), "proposal_support", ["person_id"], unique=False
    )
    op.create_table(
        "proposal_vector",
        sa.Column("proposal_id", NUMBER, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_vector_proposal_id")
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_proposal_vector")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("proposal_vector")
    op.drop_index(op.f("ix_proposal_support_person_id"), table_name="proposal_support")
    op.drop_table("proposal_support")
    op.drop_index(op.f("ix_proposal_theme_id"), table_name="proposal")
    op.drop_index(op.f("ix_proposal_shown_with"), table_name="proposal")
    op.drop_index(op.f("ix_proposal_person_id"), table_name="proposal")
    op.drop_index(op.f("ix_proposal_joins_id"), table_name="proposal")
    op.drop_index(op.f("ix_proposal_consultation_id_state_id"), table_name="proposal")
    op.drop_table("proposal")
    op.drop_table("consultation_theme")
    op.drop_table("consultation_text")
    op.drop_table("consultation_participant")
    op.drop_index(
        op.f("ix_consultation_extension_consultation_id"), table_name="consultation_extension"
    )
    op.drop_table("consultation_extension")
    op.drop_index(op.f("ix_consultation_state"), table_name="consultation")
    op.drop_table("consultation")
