"""The day's quota: one account that the CRM's header corrects, and a beginning that is learnt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
import redis

from contacts.errors import RateLimited
from contacts.jobs import Lane
from ops.simulator.buckets import Day
from worker.crm.limiter import ComeBack, Grant, Limits, Refused
from worker.crm.limits import KnownDay

from .conftest import Bucket

HOLD = 10_010
HOUR = 3_600_000
DAY = 24 * HOUR


def test_the_days_calls_are_counted_without_any_header(bucket) -> None:
    bucket.spend(30)

    look = bucket.look()
    assert (look.day_used, look.day_left) == (30, 200_000 - 30)


def test_the_header_knows_better_how_much_of_the_day_is_left(bucket) -> None:
    bucket.spend(1, day_left=150_000)

    assert bucket.look().day_left == 150_000


def test_calls_on_their_way_count_as_not_yet_in_the_days_header(bucket) -> None:
    bucket.grant(Lane.LIVE)
    bucket.spend(1, day_left=150_000)

    assert bucket.look().day_left == 150_000 - 1


def test_the_servers_new_day_is_seen_in_the_header(bucket) -> None:
    bucket.spend(1, day_left=60_000)
    bucket.spend(1, day_left=199_999)

    assert bucket.look().day_left == 199_999


def test_bulk_ends_at_the_days_reserve_and_live_goes_on(bucket) -> None:
    bucket.limits = Limits(per_day=1000)  # 150 of them for live
    bucket.spend(1, day_left=151)
    bucket.spend(1, Lane.BULK, day_left=150)
    bucket.spend(1, Lane.BULK, day_left=150)  # the question of this hour

    answer = bucket.ask(Lane.BULK)

    assert isinstance(answer, Refused)
    assert 0 < answer.wait_ms <= HOUR
    assert isinstance(bucket.ask(Lane.SWEEP), Refused)
    bucket.spend(50)


def test_live_ends_50_calls_before_the_day_is_used_up(bucket) -> None:
    bucket.spend(1, day_left=51)
    bucket.spend(1, day_left=50)
    bucket.spend(1, day_left=50)

    assert isinstance(bucket.ask(Lane.LIVE), Refused)


def test_each_hour_one_call_asks_whether_the_day_is_new(bucket) -> None:
    bucket.spend(2, day_left=0)
    assert isinstance(bucket.ask(Lane.LIVE), Refused)

    bucket.tick(HOUR)
    bucket.spend(1, day_left=0)
    assert isinstance(bucket.ask(Lane.LIVE), Refused)

    bucket.tick(HOUR)
    bucket.spend(1, day_left=199_999)
    bucket.spend(1)


def test_the_hours_question_is_asked_only_by_a_call_that_got_its_token(bucket) -> None:
    bucket.done(bucket.grant(Lane.LIVE), status=429, day_left=0)

    assert isinstance(bucket.ask(Lane.LIVE), ComeBack)  # for want of a place: not refused
    bucket.tick(2 * HOLD)
    assert isinstance(bucket.ask(Lane.LIVE), Grant)
    assert isinstance(bucket.ask(Lane.LIVE), Refused)


@pytest.mark.parametrize(("lane", "bulk_only"), [(Lane.BULK, True), (Lane.LIVE, False)])
def test_a_day_used_up_pauses_the_location_for_its_lane(bucket, lane, bulk_only: bool) -> None:
    bucket.spend(2, lane, day_left=0)

    with pytest.raises(RateLimited, match="the day's calls are used up") as error:
        bucket.limiter.take("loc", lane, patience_s=3, sleep=lambda s: None)

    assert (error.value.pause, error.value.bulk_only) == (True, bulk_only)
    assert error.value.code == "day-quota"
    assert 0 < error.value.seconds <= 3600


@pytest.mark.parametrize("theirs", [-40_000, -900, 900, 40_000])
def test_one_answer_corrects_the_account_in_either_direction(bucket, theirs: int) -> None:
    bucket.spend(1, day_left=150_000)
    for _ in range(5):
        bucket.grant(Lane.LIVE)  # five are out: the server may have counted them or not
    bucket.tick(1000)
    bucket.spend(1, day_left=150_000 + theirs)

    assert abs(bucket.look().day_left - (150_000 + theirs)) <= 5


def test_without_headers_no_24_hours_hold_more_than_a_day(bucket) -> None:
    bucket.limits = Limits(per_day=200, day_live_floor=0)
    sent: list[int] = []
    for _ in range(800):
        answer = bucket.ask(Lane.LIVE)
        if isinstance(answer, Grant):
            sent.append(bucket.now)
            bucket.done(answer.token)
        bucket.tick(220_000)

    busiest = max(sum(1 for at in sent if begin <= at < begin + DAY) for begin in sent)
    assert 180 <= busiest <= 200


def test_a_day_that_is_smaller_than_we_were_told_has_a_smaller_reserve(bucket) -> None:
    bucket.spend(1, day_left=9000, day_limit=10_000)

    look = bucket.look()

    assert (look.day_left, look.per_day, look.day_kept) == (9000, 10_000, 1500)


def test_a_day_after_the_last_header_nothing_of_it_counts_any_more(bucket) -> None:
    bucket.spend(1, day_left=60_000)
    bucket.tick(DAY - 1)
    assert bucket.look().day_left == 60_000
    bucket.tick(1)
    assert bucket.look().day_left >= 199_999


# ---------------------------------------------------------------- the beginning of the day


@dataclass
class World:
    """A CRM whose day begins at some hour, a caller of bulk jobs, and somebody else.

    Attributes:
        foreign_each: ms between somebody else's calls; 0: nobody.
        resumed: for each time that bulk had stopped, how long after the CRM's day began it went on.
    """

    bucket: Bucket
    hour: int
    foreign_each: int = 0
    each: int = 90_000
    wait: int = 0
    stops: list[int] = field(default_factory=list)
    resumed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bucket.limits = replace(self.bucket.limits, per_day=1000)
        self.day = Day(1000, self.hour, now=self.bucket.now / 1000)
        self.stranger = self.bucket.now

    def call(self, lane: Lane) -> bool:
        """One call that is answered at once; False when the day refused it."""
        answer = self.bucket.ask(lane)
        if isinstance(answer, Refused):
            self.wait = answer.wait_ms
            return False
        assert isinstance(answer, Grant), answer
        now = self.bucket.now / 1000
        assert self.day.left(now) > 0, "over the day"
        self.day.use(now)
        self.bucket.done(answer.token, day_left=self.day.left(now), day_limit=1000)
        return True

    def tick(self, ms: int) -> None:
        """Time passes, and somebody else calls; the day's live calls go on."""
        end = self.bucket.now + ms
        while self.foreign_each and self.stranger + self.foreign_each <= end:
            self.stranger += self.foreign_each
            if self.day.left(self.stranger / 1000) > 0:
                self.day.use(self.stranger / 1000)
        self.bucket.now = end

    def live(self, days: float) -> None:
        """Bulk always has work; when it is refused it comes back when it was told."""
        end = self.bucket.now + round(days * DAY)
        stopped = False
        while self.bucket.now < end:
            fresh = self.day.left(self.bucket.now / 1000) > 500
            if self.call(Lane.BULK):
                if stopped and fresh:
                    stopped = False
                    self.resumed.append((self.bucket.now - self.hour * HOUR) % DAY)
                self.tick(self.each)
            else:
                if not stopped:
                    self.stops.append(self.day.left(self.bucket.now / 1000))
                stopped = True
                self.tick(self.wait)

    def known(self) -> KnownDay:
        """What a worker writes into the database of a look."""
        look = self.bucket.look()
        return KnownDay(look.begins_from, look.begins_to, look.day_left, self.bucket.now)


@pytest.fixture
def fast(redis_server: str) -> Iterator[Bucket]:
    """Of a real server alone: thousands of calls, for which the other one takes a minute."""
    with redis.Redis.from_url(redis_server) as connection:
        connection.flushall()
        bucket = Bucket(connection)
        bucket.limiter.vouch()
        yield bucket


@pytest.mark.redis
@pytest.mark.parametrize(("hour", "foreign"), [(7, 0), (7, 300_000), (0, 300_000), (23, 400_000)])
def test_bulk_stops_at_the_reserve_and_goes_on_when_the_day_begins_whenever_that_is(
    fast, hour: int, foreign: int
) -> None:
    world = World(fast, hour, foreign)

    world.live(4)

    assert len(world.resumed) >= 3
    assert world.resumed[0] <= HOUR  # it asked each hour
    assert world.resumed[1] <= HOUR / 20 + 90_000  # it knew the hour, and asked twenty times
    assert all(late <= 15_000 for late in world.resumed[2:])
    assert all(140 <= left <= 150 for left in world.stops)
    look = fast.look()
    assert (look.begins_from % DAY) <= hour * HOUR % DAY or hour == 0
    assert 0 < look.begins_to - look.begins_from <= HOUR / 20
    assert (look.begins_to - hour * HOUR) % DAY <= HOUR / 20


@pytest.mark.redis
def test_it_is_remembered_when_redis_forgets_everything(fast) -> None:
    world = World(fast, 7, 300_000)
    world.live(3.2)
    known = world.known()
    lately = len(world.resumed)

    fast.redis.flushall()
    fast.limits = replace(fast.limits, known=known)

    look = fast.look()
    assert (look.begins_from, look.begins_to) == (known.begins_from, known.begins_to)
    assert look.day_left == known.left
    fast.limiter.vouch()
    world.live(1.5)
    assert all(late <= 15_000 for late in world.resumed[lately:])


@pytest.mark.redis
def test_where_the_clocks_change_the_beginning_is_learnt_anew(fast) -> None:
    world = World(fast, 7)
    world.live(3)

    world.hour = 8
    world.day = Day(1000, 8, used=world.day.used, now=fast.now / 1000)
    world.live(4)

    look = fast.look()
    assert (look.begins_to - 8 * HOUR) % DAY <= 60_000
    assert world.resumed[-1] <= 60_000


@pytest.mark.redis
def test_a_quota_that_flows_back_teaches_no_beginning(fast) -> None:
    """As a count of the last 24 hours would show it: higher after a night, but not whole."""
    fast.spend(1, day_left=40_000, day_limit=200_000)
    for left in (70_000, 90_000, 110_000):
        fast.tick(1_800_000)
        fast.spend(1, day_left=left, day_limit=200_000)

    look = fast.look()

    assert (look.day_left, look.begins_to) == (110_000, 0)


@pytest.mark.redis
def test_a_live_call_shows_bulk_that_the_day_began(fast) -> None:
    fast.spend(2, Lane.BULK, day_left=20_000)
    assert isinstance(fast.ask(Lane.BULK), Refused)
    fast.tick(60_000)

    fast.spend(1, day_left=199_990)

    assert isinstance(fast.ask(Lane.BULK), Grant | ComeBack)


@pytest.mark.redis
def test_the_pace_foretells_when_bulk_stops(fast) -> None:
    """Our call every 2 s and somebody else's every 8 s: within 2 % over the next half hour."""
    world = World(fast, 7, 8000, each=2000)
    fast.limits = replace(fast.limits, per_day=4000)
    world.day = Day(4000, 7, now=fast.now / 1000)
    foretold = None
    began = fast.now
    while world.call(Lane.BULK):
        world.tick(2000)
        if foretold is None and fast.now >= began + 1_260_000:
            look = fast.look()
            foretold = fast.now + (look.day_left - look.day_kept) / look.day_pace * 1e6

    assert foretold is not None
    ahead = fast.now - began - 1_260_000
    assert ahead > 1_800_000
    assert abs(foretold - fast.now) <= 0.02 * ahead
