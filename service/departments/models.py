"""Departments and the examples that route to them."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, key_column


class Department(Base):
    """A body of the government; `norm_days` are working days to an answer."""

    __tablename__ = "department"

    id: Mapped[int] = key_column()
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    remit: Mapped[str]
    norm_days: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class DepartmentExample(Base):
    """A text that belongs to a department. `origin`: remit, example or correction.

    `vector` is float32.
    """

    __tablename__ = "department_example"
    __table_args__ = (UniqueConstraint("department_id", "digest"),)

    id: Mapped[int] = key_column()
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)
    origin: Mapped[str]
    issue_id: Mapped[int | None]
    digest: Mapped[str]
    text: Mapped[str]
    model: Mapped[str]
    vector: Mapped[bytes]
    created_at: Mapped[datetime]
