"""Packed days, which the report reads, and the picture that goes with a delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "packed_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_packed_day")),
    )
    op.create_table(
        "changed_day",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changed_day")),
    )
    op.create_index(op.f("ix_changed_day_day"), "changed_day", ["day"])
    op.create_index(op.f("ix_delivery_cause_sent_at"), "delivery", ["cause", "sent_at"])
    op.add_column("delivery", sa.Column("picture", sa.String(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("delivery") as table:
        table.drop_column("picture")
    op.drop_index(op.f("ix_delivery_cause_sent_at"), "delivery")
    op.drop_table("changed_day")
    op.drop_table("packed_day")
