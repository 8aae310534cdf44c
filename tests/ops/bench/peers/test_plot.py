"""The picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from ops.bench.peers import plot
from ops.bench.peers.plot import PANELS
from ops.bench.peers.score import Score

Scores = Callable[..., Score]
SVG = "{http://www.w3.org/2000/svg}"


def test_picture_has_a_bar_for_each_peer_in_each_panel(score: Scores) -> None:
    picture = ElementTree.fromstring(plot.svg([score("rollbook"), score("a<b")], "2 cores & more"))

    rectangles = picture.findall(f"{SVG}rect")
    words = [text.text for text in picture.iter(f"{SVG}text")]
    assert len(rectangles) == 1 + 2 * len(PANELS)
    assert words.count("A<B") == len(PANELS)
    assert words[-1] == "2 cores & more"


def test_ours_has_a_color_of_its_own(score: Scores) -> None:
    picture = ElementTree.fromstring(plot.svg([score("rollbook"), score("celery")], ""))

    colors = [bar.get("fill") for bar in picture.findall(f"{SVG}rect")[1:]]
    assert colors[:2] == [plot.OURS, plot.THEIRS]


@pytest.mark.parametrize(
    ("what", "values", "wanted"),
    [
        pytest.param("cpu_ms", (5.0, 10.0), [0.5, 1.0], id="in proportion"),
        pytest.param("missing", (0, 0), [0.0, 0.0], id="nothing"),
        pytest.param("live_p99_ms", (99.0, 9999.0), [0.5, 1.0], id="logarithmic"),
        pytest.param("live_p99_ms", (99.0, math.inf), [1.0, 1.0], id="never is as long as it gets"),
    ],
)
def test_bars_are_as_long_as_their_values(
    score: Scores, what: str, values: tuple[float, float], wanted: list[float]
) -> None:
    rows = {"cpu_ms": "CPU", "missing": "missing", "live_p99_ms": "live job, p99"}
    figure = next(one for one in PANELS if one.what.startswith(rows[what]))
    scores = [score("rollbook", **{what: values[0]}), score("celery", **{what: values[1]})]

    assert plot.shares(figure, scores) == pytest.approx(wanted)
