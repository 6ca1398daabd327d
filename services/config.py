"""What the environment decides, checked once at start. `.env.example` lists every name."""

import secrets
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.engine import normalise

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Names are the environment variables in lower case."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", frozen=True,
                                      hide_input_in_errors=True)  # fmt: skip

    database_url: str = ""
    port: int = Field(default=8501, ge=1, le=65535)
    loopdesk_host: str = "127.0.0.1"
    loopdesk_base_url: str = ""
    loopdesk_var: Path = ROOT / "var"
    loopdesk_key: str = ""
    loopdesk_worker: bool = True
    loopdesk_demo: bool = False
    loopdesk_demo_database_url: str = ""

    @field_validator("database_url", "loopdesk_demo_database_url")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if value:
            normalise(value)
        return value

    @field_validator("loopdesk_demo_database_url")
    @classmethod
    def _of_its_own(cls, value: str, others: ValidationInfo) -> str:
        real = others.data.get("database_url")
        if value and real and others.data.get("loopdesk_demo") and _place(value) == _place(real):
            raise ValueError("the demo needs a database of its own, and this is DATABASE_URL")
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
        host = self.loopdesk_host
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return self.loopdesk_base_url.rstrip("/") or f"http://{host}:{self.port}"

    @property
    def loopback_only(self) -> bool:
        """Whether the desk listens on this machine only; no other name than localhost says so."""
        host = self.loopdesk_host.strip("[]")
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def key_file(self) -> Path:
        """Where the key is kept if it is not given."""
        return self.loopdesk_var / "key"

    def key(self) -> bytes:
        """The desk's own key: given, else kept in a file that only its owner can read."""
        if self.loopdesk_key:
            return self.loopdesk_key.encode()
        file = self.key_file
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(32))
        return file.read_text().strip().encode()


def _place(url: str) -> tuple[object, ...]:
    """Where the data of `url` lies, whoever reads it."""
    parsed = normalise(url)
    if parsed.drivername == "sqlite":
        return ("sqlite", Path(parsed.database or "").resolve())
    return (parsed.host, parsed.port or 5432, parsed.database)


@lru_cache(maxsize=1)
def load() -> Settings:
    """The settings of this process; a ValueError at start names each wrong value."""
    return Settings()
