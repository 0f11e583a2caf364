"""What one running process of an installation is made of, and the few facts it remembers about
itself.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, Database, Session
from service.settings import Settings
from service.vault import BadKey, Vault


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


FACT = select(Fact.value).where(Fact.name == bindparam("name"))


async def recall(session: Session, name: str) -> str | None:
    """A fact, or None when it was never noted."""
    return await session.scalar(FACT, {"name": name})


async def note(session: Session, name: str, value: str) -> None:
    """Remember a fact."""
    await session.merge(Fact(name=name, value=value))


async def note_backup(session: Session, moment: datetime) -> None:
    """Remember when the last backup was made."""
    await note(session, "backup", moment.isoformat(timespec="seconds"))


async def last_backup(session: Session) -> datetime | None:
    """When the last backup was made, where the service made it."""
    noted = await recall(session, "backup")
    return datetime.fromisoformat(noted) if noted else None


async def recognise(database: Database, vault: Vault) -> None:
    """Note the key at the first opening; raises `BadKey` where another one sealed what is stored.

    Checked before anything is touched, so that a lost key file is found out at the door.
    """
    mark = vault.digest("key")
    async with database.read() as session:
        known = await recall(session, "key")
    if known is None:
        async with database.write() as session:
            await note(session, "key", mark)
    elif known != mark:
        raise BadKey(
            "What is stored was sealed with another key: put the first one back, in the data "
            "folder or where GABINETE_KEY or GABINETE_KEY_FILE says."
        )
