"""The chart of a digest: the same bytes for the same figures, small, and said in words."""

import time
from io import BytesIO
from typing import Any

from PIL import Image

from services.digests import picture

NS = (40, 38, 3, 35, 30, 0, 33, 36, 40, 44, 39, 37)


def chart(title: str = "NPS 38 (n 372): no evidence of change", last: float = 38) -> dict[str, Any]:
    points = []
    for at, n in enumerate(NS):
        known, value = n >= 5, (last if at == 11 else 30.0 + at) if n else None
        points.append({
            "label": f"{at + 1} Jun", "n": n, "known": known, "value": value,
            "low": value - 9 if known and value is not None else None,
            "high": value + 9 if known and value is not None else None,
            "said": f"{value:.0f} ± 9" if known else "",
        })  # fmt: skip
    return {"title": title, "points": points}


def test_the_same_figures_are_the_same_bytes_and_others_are_others() -> None:
    assert picture.png(chart()) == picture.png(chart()) != picture.png(chart(last=20))


def test_it_is_small_sharp_and_drawn_on_white() -> None:
    data = picture.png(chart())
    drawn: Any = Image.open(BytesIO(data))
    assert drawn.size == (1200, 400) and len(data) <= 60_000
    colours = {colour: n for n, colour in drawn.getcolors(100_000)}
    assert drawn.getpixel((0, 0)) == (255, 255, 255)
    assert colours[(47, 93, 168)] > 500  # the line, in the accent colour


def test_it_takes_a_fraction_of_a_second_once_it_is_warm() -> None:
    picture.png(chart())
    began = time.process_time()
    picture.png(chart())
    assert time.process_time() - began < 1.5  # 0.14 s alone on its core


def test_a_chart_without_answers_is_drawn_too() -> None:
    none = {"label": "1 Jun", "n": 0, "known": False, "value": None, "low": None, "high": None}
    empty = {"title": "No NPS answers in this period", "points": [none | {"said": ""}] * 12}
    assert Image.open(BytesIO(picture.png(empty))).size == (1200, 400)
    assert picture.alt(empty).endswith("too few answers in each to say.")


def test_a_title_is_a_text_and_no_expression() -> None:
    odd = picture.png(chart(title="<b>{datum}</b> & 'x' \" \\ signal(1)"))
    assert odd != picture.png(chart())


def test_the_words_beside_it_say_the_same() -> None:
    assert picture.alt(chart()) == (
        "NPS 38 (n 372): no evidence of change. NPS of 12 weeks; week of 12 Jun: 38 ± 9, n 37, "
        "from 30 to 40 in all of them."
    )
