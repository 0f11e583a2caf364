"""What near copies of a contribution are known by."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "contribution_sketch",
        sa.Column("contribution_id", NUMBER, nullable=False),
        sa.Column("band", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["contribution_id"],
            ["contribution.id"],
            name=op.f("fk_contribution_sketch_contribution_id"),
        ),
        sa.PrimaryKeyConstraint("contribution_id", "band", name=op.f("pk_contribution_sketch")),
    )
    op.create_index(op.f("ix_contribution_sketch_band"), "contribution_sketch", ["band"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("contribution_sketch")
