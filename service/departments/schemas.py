"""Departments on the wire."""

from typing import Annotated

from pydantic import BaseModel, Field

from service.departments.models import Department
from service.departments.queries import Load
from service.staff.models import Staff

MOST_EXAMPLES = 500
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$", examples=["water"])]
Name = Annotated[str, Field(min_length=1, max_length=120, examples=["Water and Sewers"])]
Remit = Annotated[
    str,
    Field(
        min_length=1, max_length=4000, examples=["Drinking water, leaks, meters, sewers, drains."]
    ),
]
NormDays = Annotated[int, Field(ge=1, le=250, examples=[10])]


class OfficialLine(BaseModel):
    """Who works in a department."""

    id: int
    name: str = Field(examples=["Ana Prado"])
    email: str = Field(examples=["ana@gov.example"])


class DepartmentLine(BaseModel):
    """A department and how much waits for it; `norm_days` are working days to an answer."""

    key: str = Field(examples=["water"])
    name: str = Field(examples=["Water and Sewers"])
    remit: str = Field(examples=["Drinking water, leaks, meters, sewers, drains."])
    norm_days: int = Field(examples=[10])
    active: bool
    open: int = Field(examples=[12])
    overdue: int = Field(examples=[2])


class DepartmentDetail(DepartmentLine):
    """A department with its officials."""

    officials: list[OfficialLine]


class NewDepartment(BaseModel):
    """A department to set up."""

    key: Key
    name: Name
    remit: Remit
    norm_days: NormDays
    examples: list[Annotated[str, Field(min_length=1, max_length=1000)]] = Field(
        default_factory=list,
        max_length=MOST_EXAMPLES,
        examples=[["My tap has been dry since Monday."]],
    )


class DepartmentChange(BaseModel):
    """What to change; the rest stays."""

    name: Name | None = None
    remit: Remit | None = None
    norm_days: NormDays | None = None
    active: bool | None = None


def line(department: Department, load: Load | None) -> DepartmentLine:
    """A department as its line."""
    return DepartmentLine(
        key=department.key,
        name=department.name,
        remit=department.remit,
        norm_days=department.norm_days,
        active=department.active,
        open=load.open if load else 0,
        overdue=load.overdue if load else 0,
    )


def official(who: Staff) -> OfficialLine:
    """A member of staff as colleagues see them."""
    return OfficialLine(id=who.id, name=who.name, email=who.email)
