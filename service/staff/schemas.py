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
    name: str = Field(examples=["Ana Prado"])
    email: str = Field(examples=["ana@gov.example"])
    roles: list[str] = Field(examples=[["official"]])
    departments: list[str] = Field(examples=[["water"]])
    lang: str = Field(examples=["pt"])


class StaffIn(BaseModel):
    """A member of staff to add."""

    email: str = Field(
        min_length=3, max_length=200, pattern=r"^[^@\s]+@[^@\s]+$", examples=["ana@gov.example"]
    )
    name: str = Field(min_length=1, max_length=200, examples=["Ana Prado"])
    roles: list[Role] = Field(examples=[["official"]])
    departments: list[str] = Field(default_factory=list, examples=[["water"]])
    password: str | None = Field(None, max_length=200, examples=["a long sentence of yours"])


class StaffChange(BaseModel):
    """What a member of staff may do from now on."""

    roles: list[Role] = Field(examples=[["official", "comms"]])
    departments: list[str] = Field(default_factory=list, examples=[["water", "works"]])
    active: bool = True


class TokenIn(BaseModel):
    """A token to issue."""

    name: str = Field(min_length=1, max_length=100, examples=["nightly report"])
    days: int | None = Field(None, ge=1, le=3650, examples=[90])


class TokenOut(BaseModel):
    """A token; `secret` is shown only when it is issued."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str = Field(examples=["nightly report"])
    prefix: str = Field(examples=["gab_7k2q"])
    created_at: datetime
    expires_at: datetime | None
    secret: str | None = Field(None, examples=["gab_7k2qmz4t9x…"])
