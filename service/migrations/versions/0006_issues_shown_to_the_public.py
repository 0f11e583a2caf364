"""Since when the public may read of an issue."""

import sqlalchemy as sa
from alembic import op

from service.database import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("issue", sa.Column("shown_at", UtcDateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_issue_shown_at"), "issue", ["shown_at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("ix_issue_shown_at"), "issue")
    op.drop_column("issue", "shown_at")
