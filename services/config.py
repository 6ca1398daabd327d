"""What the environment decides, checked once at start. `.env.example` lists every name."""

import secrets
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.engine import normalise

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Names are the environment variables in lower case."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", frozen=True)

    database_url: str = ""
    port: int = Field(default=8501, ge=1, le=65535)
    loopdesk_host: str = "127.0.0.1"
    loopdesk_base_url: str = ""
    loopdesk_var: Path = ROOT / "var"
    loopdesk_key: str = ""
    loopdesk_demo: bool = False
    loopdesk_demo_database_url: str = ""

    @field_validator("database_url", "loopdesk_demo_database_url")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if value:
            normalise(value)
        return value

    @property
    def url(self) -> str:
        """The database: the one given, else a SQLite file. Demo mode never touches the real one."""
        if self.loopdesk_demo:
            return self.loopdesk_demo_database_url or f"sqlite:///{self.loopdesk_var / 'demo.db'}"
        return self.database_url or f"sqlite:///{self.loopdesk_var / 'loopdesk.db'}"

    @property
    def base_url(self) -> str:
        """Where people reach the desk; links in messages start with it."""
        return self.loopdesk_base_url.rstrip("/") or f"http://{self.loopdesk_host}:{self.port}"

    @property
    def loopback_only(self) -> bool:
        """Whether the desk listens on this machine only."""
        host = self.loopdesk_host
        return host == "localhost" or ip_address(host).is_loopback

    def key(self) -> bytes:
        """The desk's own key: given, else kept in a file that only its owner can read."""
        if self.loopdesk_key:
            return self.loopdesk_key.encode()
        file = self.loopdesk_var / "key"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(32))
        return file.read_text().strip().encode()


@lru_cache(maxsize=1)
def load() -> Settings:
    """The settings of this process; a ValueError at start names each wrong value."""
    return Settings()
