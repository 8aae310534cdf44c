"""Beat: every tick in the schedule, the night in the right zone, nothing that waits in Redis."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import celery.beat
import kombu.pools
import pytest
import redis
from celery import Celery
from celery.schedules import crontab

from contacts import belt
from contacts.errors import UsageError
from contacts.settings import Settings
from producers import clock

REDIS = "redis://127.0.0.1:1/0"


def built(tmp_path: Path, **more: Any) -> Celery:
    return clock.build_clock(Settings(home=tmp_path, redis_url=REDIS, **more))


def entries(app: Celery) -> dict[str, celery.beat.ScheduleEntry]:
    """The schedule as beat itself understands it."""
    found: dict[str, celery.beat.ScheduleEntry] = celery.beat.Scheduler(app=app).schedule
    return found


def test_every_tick_of_the_belt_has_its_time(tmp_path: Path) -> None:
    ticks = {value for name, value in vars(belt).items() if name.startswith("TICK_")}
    found = entries(built(tmp_path))
    assert {entry.task for entry in found.values()} == ticks
    assert len(found) == len(ticks)


def test_a_tick_goes_to_the_sweep_and_is_dropped_when_nobody_takes_it(tmp_path: Path) -> None:
    for entry in entries(built(tmp_path)).values():
        assert entry.options["queue"] == "sweep"
        assert 0 < entry.options["expires"] <= 3600 + clock.SKEW_S
        if not isinstance(entry.schedule, crontab):
            interval = entry.schedule.run_every.total_seconds()
            assert entry.options["expires"] == interval + clock.SKEW_S


def test_nothing_waits_in_redis_for_its_time(tmp_path: Path) -> None:
    for entry in entries(built(tmp_path)).values():
        assert not {"eta", "countdown"} & set(entry.options)


def test_leases_are_swept_as_often_as_the_settings_say(tmp_path: Path) -> None:
    found = entries(built(tmp_path, sweep_seconds=7.0))["expired leases"]
    assert found.task == belt.TICK_RECLAIM
    assert found.schedule.run_every.total_seconds() == 7


def test_scans_are_as_often_as_the_settings_say_or_never(tmp_path: Path) -> None:
    found = entries(built(tmp_path, scan_seconds=900.0))["what changed lately"]
    assert found.task == belt.TICK_SCAN
    assert found.schedule.run_every.total_seconds() == 900

    assert "what changed lately" not in entries(built(tmp_path, scan_seconds=0))


def test_the_heartbeat_says_whose_it_is(tmp_path: Path) -> None:
    name = entries(built(tmp_path))["heartbeat"].kwargs["name"]
    assert name.startswith("beat@")


def test_beat_shows_at_once_that_it_lives(tmp_path: Path, redis_server: str) -> None:
    with redis.Redis.from_url(redis_server, decode_responses=True) as client:
        client.flushdb()
        app = clock.build_clock(Settings(home=tmp_path, redis_url=redis_server))
        assert clock.show_life(app)
        message = json.loads(client.lindex("sweep", 0))
    kombu.pools.reset()
    assert message["headers"]["task"] == belt.TICK_HEARTBEAT
    assert message["headers"]["expires"] is not None


def test_beat_begins_without_redis_too(tmp_path: Path) -> None:
    assert not clock.show_life(built(tmp_path))
    kombu.pools.reset()


@pytest.mark.parametrize(
    ("zone", "night_at", "utc"),
    [
        ("UTC", "15 3", "2026-01-10T03:15"),
        ("Europe/Berlin", "15 3", "2026-01-10T02:15"),
        ("Europe/Berlin", "15 3", "2026-07-10T01:15"),
        ("America/Los_Angeles", "0 23", "2026-01-10T07:00"),
        ("Asia/Kolkata", "30 0", "2026-01-10T19:00"),
    ],
)
def test_the_night_begins_by_the_clock_on_the_wall_there(
    tmp_path: Path, zone: str, night_at: str, utc: str
) -> None:
    app = built(tmp_path, night_zone=zone, night_at=night_at)
    night = entries(app)["nightly check"].schedule
    began = datetime.fromisoformat(utc).replace(tzinfo=UTC)

    def due_after(last: datetime, now: datetime) -> bool:
        night.nowfun = lambda: now.astimezone(ZoneInfo(zone))
        return bool(night.is_due(last).is_due)

    day_before = began.replace(day=began.day - 1, minute=59)
    assert not due_after(day_before, began.replace(minute=0) if began.minute else began.replace(
        hour=began.hour - 1, minute=59
    ))  # fmt: skip
    assert due_after(day_before, began)
    assert not due_after(began, began.replace(minute=began.minute + 5))


def test_the_clock_is_in_the_zone_of_the_night(tmp_path: Path) -> None:
    assert built(tmp_path, night_zone="Europe/Berlin").timezone == ZoneInfo("Europe/Berlin")


def test_without_a_redis_there_is_no_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="no Redis: set ROLLBOOK_REDIS_URL"):
        clock.build_clock(Settings(home=tmp_path))
    monkeypatch.chdir(tmp_path)
    assert clock.main() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("rollbook beat: no Redis")


def test_a_home_that_cannot_be_made_is_one_line_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLLBOOK_HOME", str(tmp_path / "taken"))
    monkeypatch.setenv("ROLLBOOK_REDIS_URL", REDIS)
    assert clock.main() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "ROLLBOOK_HOME" in line
    assert "taken cannot be used" in line
