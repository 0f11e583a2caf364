"""Deliveries are claimed by channel, in the order in which they leave."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_state_next_at"))
        batch_op.create_index(
            batch_op.f("ix_delivery_channel_state_priority_id"),
            ["channel", "state", "priority", "id"],
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_channel_state_priority_id"))
        batch_op.create_index(batch_op.f("ix_delivery_state_next_at"), ["state", "next_at"])
