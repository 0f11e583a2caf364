"""Rounds, their questions and who supports them."""

import sqlalchemy as sa
from alembic import op

from service.database import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "round",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("opens_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, nullable=False),
        sa.Column("answer_days", NUMBER, nullable=False),
        sa.Column("per_theme", NUMBER, nullable=False),
        sa.Column("counts_shown", sa.String(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("people", NUMBER, nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_by", NUMBER, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_round_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
    )
    op.create_index(op.f("ix_round_state_closes_at"), "round", ["state", "closes_at"])
    op.create_table(
        "round_text",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("round_id", NUMBER, nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_round_text_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_text")),
        sa.UniqueConstraint("round_id", "lang", name=op.f("uq_round_text_round_id_lang")),
    )
    _nominations()
    _supports()


def _nominations() -> None:
    op.create_table(
        "nomination",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("round_id", NUMBER, nullable=False),
        sa.Column("issue_id", NUMBER, nullable=False),
        sa.Column("aside_at", MOMENT, nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("supporters", NUMBER, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("by_lot", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_nomination_round_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_nomination_issue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nomination")),
        sa.UniqueConstraint("round_id", "issue_id", name=op.f("uq_nomination_round_id_issue_id")),
    )
    op.create_index(op.f("ix_nomination_issue_id"), "nomination", ["issue_id"])


def _supports() -> None:
    keys = {
        "round_id": "round", "issue_id": "issue", "person_id": "person",
        "identity_id": "identity", "contribution_id": "contribution",
    }  # fmt: skip
    op.create_table(
        "round_support",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        *[sa.Column(name, NUMBER, nullable=name == "contribution_id") for name in keys],
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *[
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_round_support_{name}"))
            for name, table in keys.items()
        ],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_support")),
        sa.UniqueConstraint(
            "round_id", "issue_id", "person_id",
            name=op.f("uq_round_support_round_id_issue_id_person_id"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_round_support_issue_id"), "round_support", ["issue_id"])
    op.create_index(op.f("ix_round_support_person_id"), "round_support", ["person_id"])


def downgrade() -> None:
    """Take it back."""
    for table in ("round_support", "nomination", "round_text", "round"):
        op.drop_table(table)
