"""What rules do with the platform's lists."""

from __future__ import annotations

from typing import Any

from contacts.store import lists, rulesets

ADA, HERE = "ada@example.org", "loc1"
RULES = [
    {"name": "on", "when": {"tag_added": "prospect"}, "then": {"put_on_list": "prospects"}},
    {"name": "off", "when": {"tag_added": "buyer"}, "then": {"take_off_list": "prospects"}},
]


def test_a_rule_takes_somebody_off_a_list_that_another_put_her_on(live_shop: Any, crm: Any) -> None:
    with live_shop.store.write() as tx:
        rulesets.keep(tx, HERE, RULES, now=live_shop.clock())
    ada = live_shop.person(ADA, tags=["prospect"])
    live_shop.work()
    assert wanted(live_shop, ada) == [("prospects", True)]

    live_shop.person(ADA, tags=["buyer"])
    live_shop.work()

    assert wanted(live_shop, ada) == [("prospects", False)]


def wanted(shop: Any, contact: int) -> list[tuple[str, bool]]:
    with shop.store.read() as tx:
        return [(one.list, one.wanted) for one in lists.of(tx, contact)]
