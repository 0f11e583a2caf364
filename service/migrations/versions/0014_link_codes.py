"""Codes by which people join their accounts."""

import sqlalchemy as sa
from alembic import op

from service.database import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "person_link_code",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("identity_id", NUMBER, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("claimed_by", NUMBER, nullable=True),
        sa.Column("ends_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_link_code_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_person_link_code_identity_id")
        ),
        sa.ForeignKeyConstraint(
            ["claimed_by"], ["identity.id"], name=op.f("fk_person_link_code_claimed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_link_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_person_link_code_digest")),
        sa.UniqueConstraint("person_id", name=op.f("uq_person_link_code_person_id")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("person_link_code")
