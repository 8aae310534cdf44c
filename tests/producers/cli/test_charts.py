"""Charts of a page, as wide as it is."""

from __future__ import annotations

import re

from producers.cli.charts import Part, Row, bars


def widths(drawn: str) -> list[str]:
    return re.findall(r"width:([\d.]+)%", drawn)


def test_bars_are_to_one_scale() -> None:
    rows = [
        Row("name", (Part(30, "said", "30 said"), Part(10, "told", "10 told")), "40"),
        Row("city", (Part(10, "said", "10 said"),), "10"),
    ]

    assert widths(bars(rows, "Fields")) == ["75.00", "25.00", "25.00"]


def test_what_is_nought_is_not_drawn() -> None:
    row = Row("name", (Part(0, "said", "none"), Part(1, "told", "one")), "1")

    assert widths(bars([row], "Fields")) == ["100.00"]


def test_names_are_text_and_never_markup() -> None:
    row = Row("<b>", (Part(1, "told", '"><i>'),), "1 & 2")

    drawn = bars([row], "Fields")

    assert '<span class="name">&lt;b&gt;</span>' in drawn
    assert 'title="&quot;&gt;&lt;i&gt;"' in drawn
    assert "1 &amp; 2" in drawn
