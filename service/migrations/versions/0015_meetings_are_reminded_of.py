"""When those who come to a meeting were reminded of it."""

import sqlalchemy as sa
from alembic import op

from service.database import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("meeting", sa.Column("reminded_at", UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("meeting", "reminded_at")
