"""What a row says of those who have its case open, and when somebody counts as writing."""

from collections.abc import Sequence

import pytest
from streamlit.testing.v1 import AppTest

from pages._presence import WRITES, in_words
from services.presence import Here

HANNAH, BO = Here("Hannah Lind", False), Here("Bo Ek", False)
WRITING = Here("Hannah Lind", True)


@pytest.mark.parametrize(
    ("who", "short"),
    [
        ([HANNAH], "Hannah"),
        ([BO, HANNAH], "Bo, 1 more here"),
        ([WRITING], "Hannah is writing"),
        ([BO, WRITING, HANNAH], "Hannah is writing, 2 more here"),
    ],
)
def test_a_row_says_who_of_them_is_writing(who: Sequence[Here], short: str) -> None:
    assert in_words(who)["short"] == short


def test_a_box_that_was_emptied_is_no_writing() -> None:
    def script(texts: list[str]) -> None:
        from pages import _presence

        for text in texts:
            _presence.writes(7, text)

    for texts, writing in ((["", " "], False), (["I am"], True), (["I am", " "], False)):
        at = AppTest.from_function(script, kwargs={"texts": texts}).run()
        assert not at.exception
        assert (WRITES in at.session_state) is writing
