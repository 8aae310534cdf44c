"""When Flower is told: soon, together, and nothing is left untold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from worker.telling import EVENTS_S, Consumer


@dataclass
class Hub:
    """The loop's list of what is to be done now, and its timer."""

    soon: list[Callable[[], None]] = field(default_factory=list)
    later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def call_later(self, delay: float, callback: Callable[[], None]) -> None:
        self.later.append((delay, callback))

    def turn(self) -> None:
        todo, self.soon = self.soon, []
        for callback in todo:
            callback()

    def ring(self) -> None:
        due, self.later = self.later, []
        for _, callback in due:
            callback()


@dataclass
class Dispatcher:
    """Counts how often it is told to publish what waits."""

    told: int = 0

    def flush(self) -> None:
        self.told += 1


@pytest.fixture
def consumer() -> Any:
    made: Any = Consumer.__new__(Consumer)
    made.hub, made.event_dispatcher, made.connection = Hub(), Dispatcher(), None
    made.blueprint = SimpleNamespace(stop=lambda _: None)
    made._flush_events_promise = made._flush_events
    return made


def test_many_events_wake_the_loop_once_and_are_told_together(consumer: Any) -> None:
    for _ in range(20):
        consumer.on_send_event_buffered()

    assert len(consumer.hub.soon) == 1
    consumer.hub.turn()
    assert [delay for delay, _ in consumer.hub.later] == [EVENTS_S]
    assert consumer.event_dispatcher.told == 0
    consumer.hub.ring()
    assert consumer.event_dispatcher.told == 1


def test_an_event_after_the_telling_is_told_too(consumer: Any) -> None:
    for _ in range(2):
        consumer.on_send_event_buffered()
        consumer.hub.turn()
        consumer.hub.ring()

    assert consumer.event_dispatcher.told == 2


def test_without_an_event_the_loop_has_nothing_to_do(consumer: Any) -> None:
    assert (consumer.hub.soon, consumer.hub.later) == ([], [])


def test_who_stops_tells_what_waits_and_then_each_event_at_once(consumer: Any) -> None:
    consumer.on_send_event_buffered()
    consumer.stop()
    assert consumer.event_dispatcher.told == 1

    consumer.on_send_event_buffered()
    consumer.hub.soon.pop()()
    assert consumer.event_dispatcher.told == 2
    assert consumer.hub.later == []
