"""The table: who is best is seen, whoever it is."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from ops.bench.peers import table
from ops.bench.peers.roll import BY_NAME
from ops.bench.peers.score import Score
from ops.bench.peers.table import FIGURES, Figure, best

Scores = Callable[..., Score]


def figure(what: str) -> Figure:
    return next(one for one in FIGURES if one.what.startswith(what))


@pytest.mark.parametrize(
    ("what", "ours", "theirs", "winner"),
    [
        pytest.param("CPU", {"cpu_ms": 12.0}, {"cpu_ms": 3.0}, {"peer"}, id="less CPU"),
        pytest.param("use", {"use": 95.0}, {"use": 60.0}, {"rollbook"}, id="more use"),
        pytest.param(
            "live job, p99",
            {"live_p99_ms": 54.0},
            {"live_p99_ms": math.inf},
            {"rollbook"},
            id="never",
        ),
        pytest.param("answers", {"refused": 0}, {"refused": 0}, set(), id="all alike"),
        pytest.param("calls in", {"busiest": 99}, {"busiest": 40}, set(), id="a bound, no race"),
    ],
)
def test_best_is_whoever_is_better(
    score: Scores, what: str, ours: dict[str, float], theirs: dict[str, float], winner: set[str]
) -> None:
    scores = [score("rollbook", **ours), score("peer", **theirs)]

    assert best(figure(what), scores) == winner


def test_markdown_has_a_column_for_each_peer_and_its_best_in_bold(score: Scores) -> None:
    text = table.markdown([score("rollbook", cpu_ms=12.0), score("celery", cpu_ms=3.0)])

    lines = text.splitlines()
    assert lines[0] == "| | Rollbook | Celery |"
    assert "| CPU of a call, ms | 12.0 | **3.0** |" in lines
    assert "* Celery: as it comes." in lines
    assert {line.count("|") for line in lines if line.startswith("|")} == {4}


def test_what_a_dead_worker_holds_is_told_apart(score: Scores) -> None:
    text = table.markdown([score(lost=13, held=12, live_p99_ms=math.inf)])

    assert "| lost after kill -9 | 13 |\n| of them held | 12 |" in text
    assert "| live job, median, ms | 23 |\n| live job, p99, ms | never |" in text


def test_terminal_shows_every_figure_within_eighty_columns(score: Scores) -> None:
    screen = io.StringIO()
    six = [
        replace(score(name, live_p99_ms=12_398.0), title=peer.title)
        for name, peer in BY_NAME.items()
    ]

    Console(file=screen, width=80).print(table.terminal(six))

    lines = screen.getvalue().splitlines()
    assert len(lines) == 1 + len(FIGURES)
    assert all(figure.what in line for figure, line in zip(FIGURES, lines[1:], strict=True))
