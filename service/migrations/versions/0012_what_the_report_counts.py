"""What the listening report counts is read from an index alone."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COUNTED = ["said_at", "person_id", "channel", "lang", "kind", "place"]


def upgrade() -> None:
    """Apply."""
    op.drop_index(op.f("ix_contribution_said_at"), "contribution")
    op.create_index(
        op.f("ix_contribution_said_at_person_id_channel_lang_kind_place"), "contribution", COUNTED
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("ix_contribution_said_at_person_id_channel_lang_kind_place"), "contribution")
    op.create_index(op.f("ix_contribution_said_at"), "contribution", ["said_at"])
