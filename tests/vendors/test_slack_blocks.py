"""What Slack shows of a case: the words that matter, within its limits, and nothing that acts."""

from typing import Any

import pytest

from services.vendors.slack_blocks import blocks, note, safe, summary
from tests.vendors.cards import CARD


def texts(made: Any) -> list[str]:
    """Every text in blocks."""
    if isinstance(made, list):
        return [text for one in made for text in texts(one)]
    if isinstance(made, dict):
        own = [made["text"]] if isinstance(made.get("text"), str) else []
        return own + [text for one in made.values() for text in texts(one)]
    return []


def plain(made: Any) -> list[dict[str, Any]]:
    if isinstance(made, list):
        return [text for one in made for text in plain(one)]
    if not isinstance(made, dict):
        return []
    own = [made] if made.get("type") == "plain_text" else []
    return own + [text for one in made.values() for text in plain(one)]


def test_an_admin_chooses_what_is_said_about_the_customer() -> None:
    made = texts(
        blocks(CARD, {"Plan": "contact.properties.plan", "Seats": "account.properties.no"})
    )
    assert "Plan\nPro" in made
    assert not any(text.startswith(("ARR", "region", "Seats")) for text in made)


def test_a_cut_text_is_never_longer_than_slack_takes_nor_ends_inside_a_sign() -> None:
    for most in range(10, 40):
        text = safe("<&>" * 30, most)
        assert len(text) <= most
        assert text.endswith("\u2026")
        assert text[:-1].replace("&lt;", "").replace("&amp;", "").replace("&gt;", "") == ""
    assert safe("a < b", 20) == "a &lt; b"
    assert note("", "javascript:alert(1)") == []


@pytest.mark.parametrize("size", [0, 1, 75, 150, 3000, 10_000])
@pytest.mark.parametrize("sign", ["x", "&", "\U0001f600", " ", "\n"])
def test_a_card_of_any_size_keeps_to_slacks_limits(sign: str, size: int) -> None:
    text = sign * size
    named = {"name": text, "role": text, "email": text, "properties": {text: text, "p": [text]}}
    card = CARD | {"comment": text, "contact": named, "account": named, "reasons": [text] * 9}
    card |= {"owner": text, "survey": text, "outcome": text, "cause": text, "status": text}
    made = blocks(card, {})  # slack_sdk checks the limits while it writes them
    assert all(0 < len(said) <= 3000 for said in texts(made))
    assert len(summary(card)) <= 140


def test_a_card_with_many_properties_fills_one_section() -> None:
    many = {f"p{number}": number for number in range(40)}
    made = blocks(CARD | {"contact": {"properties": many}}, {})
    assert [len(block["fields"]) for block in made if "fields" in block] == [10]
