"""Edited messages keep their versions; a conversation knows the link it began with."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("message") as batch_op:
        batch_op.add_column(
            sa.Column("live", sa.Boolean(), nullable=False, server_default=sa.true())
        )
        batch_op.create_index(batch_op.f("ix_message_external_id"), ["external_id"])
    with op.batch_alter_table("conversation") as batch_op:
        batch_op.add_column(sa.Column("campaign", sa.String(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("conversation") as batch_op:
        batch_op.drop_column("campaign")
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_external_id"))
        batch_op.drop_column("live")
