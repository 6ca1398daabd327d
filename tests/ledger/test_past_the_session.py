"""The ledger listens to sessions: who writes past them is known here, with what it may change."""

import re

from services.config import ROOT

WRITES = re.compile(
    r"sa\.(?:insert|update|delete)\((?:Delivery|DeliveryAttempt)\b"
    r"|\b(?:DELIVERY|ATTEMPT)\.(?:insert|update|delete)\("
    r"|\b_do\(session, (?:DELIVERY|ATTEMPT)\b"
    r"|(?:insert|update|delete)\(.{0,20}tables\[\"delivery"
)
# Payloads and errors alone, which no row holds; the first tells the ledger of it.
KNOWN = {
    "services/cases/following.py": 1,
    "services/erasing/removing.py": 3,
    "services/retention/removing.py": 2,
}


def test_only_payloads_and_errors_are_written_past_the_session() -> None:
    found = {}
    for folder in ("services", "db", "pages"):
        for path in (ROOT / folder).rglob("*.py"):
            if "versions" not in path.parts and (n := len(WRITES.findall(path.read_text()))):
                found[path.relative_to(ROOT).as_posix()] = n
    assert found == KNOWN
    for name in KNOWN:
        text = (ROOT / name).read_text()
        for part in re.findall(rf"(?:{WRITES.pattern})[^\n]*(?:\n[^\n]*){{0,4}}", text):
            assert "state=" not in part and "remote_id=" not in part
