"""Comments on answers; what reviewers asked for becomes one."""

import sqlalchemy as sa
from alembic import op

from service.database import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COMMENT = sa.table(
    "answer_comment",
    *(sa.column(name) for name in ("answer_id", "author_id", "state", "text")),
    sa.column("at", UtcDateTime()),
)
ANSWER = sa.table(
    "answer", *(sa.column(name) for name in ("id", "state", "reason", "published_at"))
)
EVENT = sa.table(
    "trail_event",
    *(sa.column(name) for name in ("id", "actor", "thing", "thing_id", "why")),
    sa.column("at", UtcDateTime()),
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "answer_comment",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("answer_id", NUMBER, nullable=False),
        sa.Column("author_id", NUMBER, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answer.id"], name=op.f("fk_answer_comment_answer_id")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["staff.id"], name=op.f("fk_answer_comment_author_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_comment")),
    )
    op.create_index(op.f("ix_answer_comment_answer_id"), "answer_comment", ["answer_id"])
    _keep_what_was_asked_for()


def _keep_what_was_asked_for() -> None:
    """The reason an answer was sent back for stood on the answer until it was approved."""
    bind = op.get_bind()
    sent_back = ANSWER.c.reason.is_not(None) & ANSWER.c.published_at.is_(None)
    for id_, reason in bind.execute(sa.select(ANSWER.c.id, ANSWER.c.reason).where(sent_back)).all():
        query = sa.select(EVENT.c.actor, EVENT.c.at).order_by(EVENT.c.id.desc()).limit(1)
        own = (EVENT.c.thing == "answer") & (EVENT.c.thing_id == id_)
        found = bind.execute(query.where(own, EVENT.c.why == "sent back")).first()
        if found and found.actor.startswith("staff:"):
            row = {
                "answer_id": id_, "author_id": int(found.actor.removeprefix("staff:")),
                "state": "in_review", "text": reason, "at": found.at,
            }  # fmt: skip
            bind.execute(sa.insert(COMMENT), [row])
    bind.execute(sa.update(ANSWER).where(sent_back).values(reason=None))


def downgrade() -> None:
    """Take it back."""
    op.drop_table("answer_comment")
