"""Encrypted mail connections: the certificate counts, for the name that the admin entered."""

import ssl
from pathlib import Path
from shutil import which

import pytest

from services import egress
from services.vendors.base import VendorError
from services.vendors.email import Email
from tests.standins.imap import Imap
from tests.standins.mail_server import PASSWORD, USER, MailServer, certificate, encrypting
from tests.standins.smtp import Smtp
from tests.vendors.test_email import letter

pytestmark = pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificate")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def trusted(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(cafile=str(made))
    monkeypatch.setattr(egress, "tls", lambda: context)


def servers(made: Path, *, tls_first: bool) -> tuple[Smtp, Imap]:
    return (
        Smtp(tls=encrypting(made), tls_first=tls_first),
        Imap(tls=encrypting(made), tls_first=tls_first),
    )


def email(smtp: MailServer, imap: MailServer | None, security: str, host: str) -> Email:
    config = {
        "smtp_host": host, "smtp_port": str(smtp.mail_port), "smtp_security": security,
        "smtp_user": USER, "from_address": USER, "imap_security": security,
    }  # fmt: skip
    if imap is not None:
        config |= {"imap_host": host, "imap_port": str(imap.mail_port)}
    return Email(config, {"smtp_password": PASSWORD}, frozenset({host}))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_sent_and_read_over_tls(made: Path, security: str) -> None:
    smtp, imap = servers(made, tls_first=security == "tls")
    with smtp.serving(), imap.serving():
        vendor = email(smtp, imap, security, "localhost")
        assert "inbox can be read" in vendor.check()
        vendor.send(letter())
        assert len(smtp.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_nobody_known_is_refused(made: Path, security: str) -> None:
    smtp, _ = servers(made, tls_first=security == "tls")
    with smtp.serving(), pytest.raises(VendorError, match="not trusted") as caught:
        email(smtp, None, security, "localhost").send(letter())
    assert not caught.value.unsure and smtp.mails == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_for_another_name_is_refused(made: Path, security: str) -> None:
    smtp, _ = servers(made, tls_first=security == "tls")
    with smtp.serving(), pytest.raises(VendorError, match="not trusted"):
        email(smtp, None, security, "127.0.0.1").send(letter())
    assert smtp.mails == []


def test_a_server_without_encryption_gets_no_password() -> None:
    with Smtp().serving() as smtp, Imap().serving() as imap:
        vendor = email(smtp, imap, "starttls", "localhost")
        with pytest.raises(VendorError, match="no such encryption") as caught:
            vendor.send(letter())
        assert caught.value.permanent
        inbox = vendor.inbox()
        assert inbox is not None
        with pytest.raises(VendorError, match="no STARTTLS"), inbox:
            pass
        assert not any("LOGIN" in command for command in imap.commands)
