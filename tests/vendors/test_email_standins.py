"""The stand-ins of mail servers also run as processes of their own, told what to do over HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from services.config import ROOT
from services.vendors.base import VendorError
from services.vendors.email import Email
from tests.standins.mail_server import PASSWORD, USER
from tests.vendors.test_email import ID, letter


@contextmanager
def running(name: str) -> Iterator[str]:
    """The URL of the control of a stand-in."""
    command = [sys.executable, "-m", f"tests.standins.{name}", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def vendor(smtp: int = 1, imap: int = 1) -> Email:
    config = {
        "smtp_host": "127.0.0.1", "smtp_port": str(smtp), "smtp_security": "none",
        "smtp_user": USER, "from_address": USER, "imap_host": "127.0.0.1",
        "imap_port": str(imap), "imap_security": "none",
    }  # fmt: skip
    return Email(config, {"smtp_password": PASSWORD}, frozenset({"127.0.0.1"}))


def test_a_mail_server_of_its_own_takes_mail_and_faults() -> None:
    with running("smtp") as url:
        state = httpx.get(f"{url}/_standin/state").json()
        sending = vendor(smtp=state["mail_port"])
        httpx.post(f"{url}/_standin/faults", json={"kind": "drop", "match": "DATA"})
        with pytest.raises(VendorError) as caught:
            sending.send(letter())
        assert caught.value.unsure
        assert httpx.get(f"{url}/_standin/state").json()["mails"] == [ID]


def test_an_inbox_of_its_own_takes_mail_and_gives_it() -> None:
    with running("imap") as url:
        state = httpx.get(f"{url}/_standin/state").json()
        reading = vendor(imap=state["mail_port"])
        assert list(reading.new_mail({})) == []
        raw = b"Subject: Hi\r\n\r\nHi\r\n"
        assert httpx.post(f"{url}/mails", content=raw).json() == {"uid": 1}
        assert [found for found, _ in reading.new_mail({})] == [raw]
