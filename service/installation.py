"""What one running process of an installation is made of, and the few facts it remembers about
itself.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, Database, Session
from service.settings import Settings
from service.vault import Vault


class Fact(Base):
    """Something the installation remembers about itself, such as that it is a sample."""

    __tablename__ = "installation_fact"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


@dataclass(frozen=True)
class Installation:
    """The settings, the database and the key, opened once by the wiring and passed down."""

    settings: Settings
    database: Database
    vault: Vault
    sample: bool = False


async def recall(session: Session, name: str) -> str | None:
    """A fact, or None when it was never noted."""
    return await session.scalar(select(Fact.value).where(Fact.name == name))


async def note(session: Session, name: str, value: str) -> None:
    """Remember a fact."""
    await session.merge(Fact(name=name, value=value))
