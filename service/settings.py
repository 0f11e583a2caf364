"""Everything an installation can set, from the environment (`GABINETE_…`) or a `.env` file."""

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _split(value: object) -> object:
    return (
        tuple(part for part in value.replace(",", " ").split() if part)
        if isinstance(value, str)
        else value
    )


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """One installation's settings; read once at start and passed down."""

    model_config = SettingsConfigDict(
        env_prefix="GABINETE_", env_file=".env", frozen=True, extra="ignore"
    )

    government: str = Field(
        "Our government", description="The government's name, as citizens read it."
    )
    contact: str = Field("", description="How a citizen reaches a human: an e-mail, phone or page.")
    emergency: str = Field(
        "", description="Emergency numbers told to who seems in danger, such as 190, 192, 193."
    )
    time_zone: str = Field("America/Sao_Paulo", description="Time zone of dates and working days.")
    default_language: str = Field(
        "pt",
        description="Language when a citizen's is not known, or a text is in none of these: "
        "pt, es or en.",
    )
    holidays: Words = Field(
        (), description="Days that are not worked, as YYYY-MM-DD, separated by commas."
    )

    data_dir: Path = Field(
        Path("var"), description="Folder of the database, the index and the key."
    )
    database_url: str = Field(
        "", description="PostgreSQL address; empty keeps SQLite in the data folder."
    )
    chroma_url: str = Field(
        "", description="Address of a Chroma server; empty keeps the index in the data folder."
    )
    key_file: Path | None = Field(
        None, description="File with the installation's key; made at first run."
    )
    key: SecretStr = Field(
        SecretStr(""), description="The key itself (64 hex digits), instead of a file."
    )

    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the web server listens on.")
    public_url: str = Field(
        "", description="Address under which citizens reach the service; empty means host and port."
    )
    trusted_proxies: Words = Field(
        (), description="Addresses of proxies whose X-Forwarded-For is believed."
    )

    embedding_model: str = Field(
        "bundled", description="Sentence encoder: bundled, or a model's name or folder."
    )
    embedding_languages: Words = Field(
        (), description="Languages the encoder knows; empty takes the model's own."
    )
    answer_confidence: float = Field(
        0.85, ge=0, le=1, description="From this confidence a published answer is sent at once."
    )
    triage_confidence: float = Field(
        0.35, ge=0, le=1, description="Below this confidence an issue goes to the triage desk."
    )

    max_message_length: int = Field(
        4000, ge=100, description="Longest message taken, in characters."
    )
    messages_per_minute: int = Field(
        30, ge=1, description="Most messages taken from one conversation in a minute."
    )
    votes_per_minute: int = Field(
        40, ge=1, description="Most votes taken from one voter in a minute."
    )
    voters_per_hour: int = Field(
        100, ge=1, description="Most browsers that begin to vote from one address in an hour."
    )
    join_minutes: int = Field(
        10, ge=0, description="For so long a short message may add to the one before."
    )
    norm_days: int = Field(
        10, ge=1, description="Working days to answer where no department's norm applies."
    )
    retention_days: int = Field(
        0, ge=0, description="Originals are removed after so many days; 0 keeps them."
    )

    public_minimum: int = Field(
        10, ge=5, description="The public reads no count of fewer people than this."
    )
    open_data_licence: str = Field(
        "CC-BY-4.0", description="Licence of the open data, by its SPDX name."
    )

    smtp_host: str = Field(
        "", description="Mail server for the officials' digest; empty sends none."
    )
    smtp_port: int = Field(587, description="Port of the mail server.")
    smtp_user: str = Field("", description="User name at the mail server.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password at the mail server.")
    smtp_starttls: bool = Field(True, description="Whether the connection must be encrypted.")
    mail_from: str = Field("gabinete@localhost", description="Sender of the officials' digest.")
    digest_hour: int = Field(
        8, ge=0, le=23, description="Hour of the day at which the digest is sent."
    )

    llm_url: str = Field(
        "",
        description="OpenAI-compatible address that words drafts and names issues; empty: neither.",
    )
    llm_key: SecretStr = Field(SecretStr(""), description="Key of that address.")
    llm_model: str = Field("", description="Model asked at that address.")

    channels: Words = Field(("web",), description="Channels that are open: web, telegram, discord.")
    web_origins: Words = Field(
        (), description="Web sites that may embed the chat, as https://name."
    )

    telegram_token: SecretStr = Field(SecretStr(""), description="The bot's token.")
    telegram_mode: Literal["polling", "webhook"] = Field(
        "polling", description="How updates come: polling, or webhook at the public address."
    )
    telegram_webhook_secret: SecretStr = Field(
        SecretStr(""), description="What Telegram must send with each webhook call."
    )
    telegram_api_url: str = Field(
        "", description="A self-hosted Bot API server; empty means Telegram's own."
    )

    discord_token: SecretStr = Field(SecretStr(""), description="The bot's token.")
    discord_api_url: str = Field(
        "", description="Another address of Discord's API; empty means its own."
    )
    discord_gateway_url: str = Field(
        "", description="Another address of Discord's gateway; empty means its own."
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except Exception as error:
            raise ValueError(
                f"{value!r} is not a time zone; write one like America/Sao_Paulo"
            ) from error
        return value

    def section(self, channel: str) -> dict[str, Any]:
        """The settings of one channel, by their names without its own."""
        prefix = f"{channel}_"
        return {
            name.removeprefix(prefix): getattr(self, name)
            for name in type(self).model_fields
            if name.startswith(prefix)
        }

    @property
    def zone(self) -> ZoneInfo:
        """The installation's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def url(self) -> str:
        """The public base address, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.data_dir / 'gabinete.db'}"
        head, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if head.startswith("postgres") else self.database_url
