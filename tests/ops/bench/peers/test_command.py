"""What the command refuses, in one line."""

from __future__ import annotations

import pytest

from ops.bench.peers import __main__ as command


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["--peers", "rollbok"], "'rollbok' is none of rollbook, celery", id="name"),
        pytest.param(["--contacts", "50"], "at least 200", id="too few"),
        pytest.param(["--side-by-side", "0"], "--side-by-side: at least 1", id="nobody at once"),
    ],
)
def test_a_mistake_is_a_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = command.main(words)

    assert code == 2
    assert says in " ".join(capsys.readouterr().out.split())


def test_a_peer_that_is_not_installed_says_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda _: None)

    assert command.main(["--peers", "dramatiq"]) == 2
    assert "make bench-peers" in capsys.readouterr().out
