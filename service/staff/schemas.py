"""Wire shapes of staff."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from service.staff.access import Role


class LogIn(BaseModel):
    """E-mail and password."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"email": "ana@example.org", "password": "a long sentence"}]
        }
    )

    email: str = Field(max_length=200)
    password: str = Field(max_length=200)


class StaffOut(BaseModel):
    """A member of staff."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    email: str
    roles: list[str]
    departments: list[str]
    lang: str


class StaffIn(BaseModel):
    """A member of staff to add."""

    email: str = Field(min_length=3, max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")
    name: str = Field(min_length=1, max_length=200)
    roles: list[Role]
    departments: list[str] = Field(default_factory=list)
    password: str | None = Field(None, max_length=200)


class StaffChange(BaseModel):
    """What a member of staff may do from now on."""

    roles: list[Role]
    departments: list[str] = Field(default_factory=list)
    active: bool = True


class TokenIn(BaseModel):
    """A token to issue."""

    name: str = Field(min_length=1, max_length=100)
    days: int | None = Field(None, ge=1, le=3650)


class TokenOut(BaseModel):
    """A token; `secret` is shown only when it is issued."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    secret: str | None = None
