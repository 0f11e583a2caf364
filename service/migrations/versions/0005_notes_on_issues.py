"""Notes of staff on issues."""

import sqlalchemy as sa
from alembic import op

from service.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "issue_note",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("issue_id", NUMBER, nullable=False),
        sa.Column("author_id", NUMBER, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["staff.id"], name=op.f("fk_issue_note_author_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_note_issue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_note")),
    )
    op.create_index(op.f("ix_issue_note_issue_id"), "issue_note", ["issue_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("issue_note")
