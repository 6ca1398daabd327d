"""Signing in with another account in a real browser, by a provider on another site."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from services import config, settings
from services.access import SHELL
from services.sign_in import configuring
from tests.chromium import visit
from tests.served import ServedDesk
from tests.standins.oidc import CLIENT, SECRET, Oidc

pytestmark = pytest.mark.browser


def test_somebody_comes_in_from_the_provider_and_goes_on_where_they_wanted(
    own_desk: ServedDesk, chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPDESK_KEY", "of-the-tests")  # the secret is kept with the desk's own
    config.load.cache_clear()
    ana = own_desk.user("manager", name="Ana Berg")
    claims = {"sub": "1", "email": ana.email, "email_verified": True}
    with Oidc(host="localhost", person=claims).serving() as provider:
        with own_desk.transaction() as session:
            now, host = datetime.now(UTC), f"localhost:{provider.port}"
            settings.put(session, "outgoing_allow", [host], actor_id=None, now=now)
            entered = {"issuer": provider.url, "client_id": CLIENT, "client_secret": SECRET}
            configuring.keep(session, SHELL, entered | {"passwords_off": True}, now=now)
        with visit(chromium, own_desk) as seen:
            seen.page.goto(f"{own_desk.url}/loop")
            seen.page.get_by_role("link", name="Use your company account").click()
            expect(seen.page.get_by_role("heading", name="Loop", exact=True)).to_be_visible()
            expect(seen.page.get_by_text("Ana Berg")).to_be_visible()
            assert seen.page.url == f"{own_desk.url}/loop"
            assert seen.blocked == []
