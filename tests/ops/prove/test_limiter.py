"""The proof of the limiter can fail, and says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
import redis

from contacts.errors import UsageError
from contacts.jobs import Lane
from ops.prove import limiter, runs
from ops.prove.own_redis import own_redis
from ops.prove.runs import Shown, Stage
from ops.prove.servers import SERVERS

GOOD = Shown(use=0.95, refused=0, sent=3000, most=99, asked=3.0)

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def connection() -> Iterator[redis.Redis]:
    """The proof's own Redis."""
    with own_redis() as found:
        yield found


def row(shown: Shown, workload: str = "backlog", latency: str = limiter.EVEN) -> limiter.Row:
    return limiter.Row(workload, latency, {"a": GOOD, "b": shown})


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        pytest.param(replace(GOOD, most=101, unallowed=1), "101 calls in 10 s", id="too many"),
        pytest.param(replace(GOOD, refused=1), "1 answers 429", id="refused"),
        pytest.param(replace(GOOD, use=0.939), "only 93.9%", id="idle"),
    ],
)
def test_one_server_that_breaks_a_bound_breaks_the_row(shown: Shown, said: str) -> None:
    [broken] = row(shown).broken()
    assert said in broken


def test_what_holds_is_not_called_broken() -> None:
    assert row(GOOD).broken() == []
    assert row(replace(GOOD, use=0.9), latency="freeze").broken() == []
    assert row(replace(GOOD, refused=9), workload=limiter.HIDDEN).broken() == []
    assert row(replace(GOOD, most=120)).broken() == []


@pytest.mark.parametrize(
    ("shown", "workload", "said"),
    [
        pytest.param(
            replace(GOOD, use=0.979), "backlog", "only 97.9% of the limit", id="not learnt"
        ),
        pytest.param(replace(GOOD, use=0.83), limiter.HIDDEN, "only 83.0% of what", id="too shy"),
        pytest.param(replace(GOOD, refused=15), limiter.HIDDEN, "15 answers 429 of", id="too bold"),
    ],
)
def test_a_bound_of_one_server_is_named_with_it(shown: Shown, workload: str, said: str) -> None:
    by_server = {"token bucket": shown, "sliding log": replace(GOOD, use=0.94)}

    [broken] = limiter.Row(workload, "lognormal", by_server).broken()

    assert "token bucket" in broken
    assert said in broken


def test_a_burst_may_cost_three_answers_429_in_the_mean_of_four() -> None:
    dear = {"sliding log": GOOD, "token bucket": replace(GOOD, refused=13)}

    [broken] = limiter.Row(limiter.SHOCK, "lognormal", dear, seeds=4).broken()

    assert broken.endswith("token bucket: 3.2 answers 429 for a foreign burst")
    assert limiter.Row(limiter.SHOCK, "lognormal", dear, seeds=5).broken() == []


def test_a_server_that_allows_less_than_we_think_is_noticed(connection: redis.Redis) -> None:
    stage = Stage(connection, "sliding log", limiter.EVEN, 1, 1.5)
    world = stage.world(SERVERS["sliding log"](60, 10_000.0))
    world.backlog(Lane.BULK, 20)

    shown = stage.count(world)

    assert shown.refused > 0
    assert row(shown).broken()


@pytest.mark.parametrize(
    "run", [runs.mix, runs.faulty, runs.belt(20)], ids=["mix", "faulty", "belt"]
)
def test_a_lone_consumer_is_never_refused(connection: redis.Redis, run: limiter.Run) -> None:
    shown = run(Stage(connection, "sliding counter", limiter.EVEN, 7, 3.0))

    assert (shown.refused, shown.most <= 100) == (0, True)


@pytest.mark.parametrize("run", [runs.hidden, runs.shock], ids=["hidden", "shock"])
def test_of_strangers_calls_few_are_paid_for_with_a_429(
    connection: redis.Redis, run: limiter.Run
) -> None:
    shown = run(Stage(connection, "sliding log", limiter.EVEN, 7, 4.0))

    assert shown.unallowed == 0
    assert 0 < shown.refused <= 0.01 * shown.sent


def test_without_live_calls_bulk_has_the_whole_bucket(connection: redis.Redis) -> None:
    shown = runs.backlog(Stage(connection, "token bucket", limiter.EVEN, 7, 3.0))

    assert shown.use > 0.99


@pytest.mark.parametrize("server", list(SERVERS))
def test_a_lone_live_call_has_its_place_at_once_while_bulk_takes_all_the_rest(
    connection: redis.Redis, server: str
) -> None:
    stage = Stage(connection, server, limiter.EVEN, 7, 3.0)
    world = stage.world(stage.make())
    world.backlog(Lane.BULK, runs.THREADS)
    world.live_traffic(0.5)

    shown = stage.count(world)

    assert shown.live_p50_ms < 20
    assert max(world.seen.waits) < 1000
    assert shown.use > 0.9


def test_twenty_jobs_out_are_enough_and_two_are_not(connection: redis.Redis) -> None:
    stage = Stage(connection, "sliding counter", limiter.EVEN, 3, 3.0)

    assert runs.belt(20)(stage).use >= limiter.LEAST_USE
    assert runs.belt(2)(stage).use < 0.5


def test_the_same_seed_shows_the_same(connection: redis.Redis) -> None:
    stage = Stage(connection, "token bucket", "storm", 5, 1.5)

    assert repr(runs.mix(stage)) == repr(runs.mix(stage))


def one_row(shown: Shown) -> limiter.Plan:
    """A plan whose runs all show the same."""
    return [("backlog", lambda stage: shown, [limiter.EVEN])]


def test_the_command_prints_what_it_found_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert limiter.main(["--json", "--minutes", "5", "--seeds", "2"], plan=one_row(GOOD)) == 0

    [found] = json.loads(capsys.readouterr().out)["rows"]
    assert found["workload"] == "backlog"
    assert found["servers"]["token bucket"]["sent"] == 2 * GOOD.sent
    assert found["servers"]["token bucket"]["live_p50_ms"] is None


def test_the_command_ends_with_1_when_a_bound_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    assert limiter.main(["--minutes", "5"], plan=one_row(replace(GOOD, most=101, unallowed=1))) == 1
    assert "101 calls in 10 s" in capsys.readouterr().out


def test_without_a_redis_binary_the_command_says_so_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def nothing() -> AbstractContextManager[redis.Redis]:
        raise UsageError("no Redis server: install one")

    assert limiter.main([], server=nothing) == 2
    assert capsys.readouterr().err.strip().endswith("no Redis server: install one")


def test_less_than_the_shock_needs_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        limiter.main(["--minutes", "4"])
    assert "more than 4" in capsys.readouterr().err
