"""Rules from a change to what they do, over the stand-in: once for each cause, whoever dies."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update

from contacts.jobs import Kind, Wish
from contacts.platforms import Kind as Connector
from contacts.platforms import Platform
from contacts.store import (
    enrolments,
    firings,
    ledger,
    ledger_view,
    lists,
    platforms,
    rulesets,
    watching,
)
from contacts.store import facts as facts_store
from contacts.store.rulesets import Kept
from contacts.store.tables import jobs, notes, rule_states, tags
from contacts.store.weighing import EXISTING, MOST_A_DAY

ADA, HERE = "ada@example.org", "loc1"


def load(shop: Any, *rules: dict[str, Any], **more: Any) -> Kept:
    with shop.store.write() as tx:
        return rulesets.keep(tx, HERE, rules, now=shop.clock(), **more)


def rule(name: str, when: object, **more: Any) -> dict[str, Any]:
    only = {"if": more.pop("only_if")} if "only_if" in more else {}
    return {"name": name, "when": when, "then": more} | only


def connect(shop: Any, crm: Any) -> None:
    """The course platform's stand-in is the location's platform."""
    one = Platform(Connector.COURSEHOST, f"{crm.url}/coursehost", per_minute=400)
    with shop.store.write() as tx:
        platforms.connect(
            tx, HERE, one, secret="och-simulator", cipher=shop.bench.cipher, now=shop.clock()
        )


def fired(shop: Any, contact: int) -> list[str]:
    """Names of the rules that fired, oldest first."""
    with shop.store.read() as tx:
        return [one.rule for one in firings.of(tx, contact)][::-1]


def theirs(crm: Any) -> dict[str, Any]:
    (found,) = crm.contacts(HERE)
    return dict(found)


def states(shop: Any) -> int:
    with shop.store.read() as tx:
        return int(tx.execute(select(func.count()).select_from(rule_states)).scalar_one())


def edit(shop: Any, crm: Any, contact: int, **seed: Any) -> None:
    """Somebody changes the only contact in the CRM, and we look."""
    crm.seed(HERE, {"id": theirs(crm)["id"], **seed})
    shop.clock.tick(60)
    shop.person(ADA, website=f"example.org/{shop.clock()}")
    assert set(shop.work()) <= {"done"}


# ---------------------------------------------------------------- nobody asked


def test_a_location_without_rules_puts_no_job_and_notes_nothing(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA, city="Bonn", tags=["vip"])
    live_shop.work()

    assert {row.kind for row in live_shop.rows()} == {"contact.push", "contact.tag"}
    assert states(live_shop) == 0


def test_a_job_of_a_location_whose_rules_are_gone_ends_well(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA)
    live_shop.work()
    live_shop.put(Wish(Kind.RULES, HERE, ada))

    assert live_shop.work() == ["done"]


# ---------------------------------------------------------------- from a change to a deed


def test_a_condition_that_becomes_true_gives_a_tag_and_a_note(live_shop: Any, crm: Any) -> None:
    load(
        live_shop,
        rule("bonn", 'city = "Bonn"', add_tag="From Bonn", note="{first_name} is in {city}"),
    )
    ada = live_shop.person(ADA, city="Bonn", first_name="Ada")

    assert set(live_shop.work()) == {"done"}

    assert theirs(crm)["tags"] == ["from bonn"]
    assert [one["body"] for one in theirs(crm)["notes"]] == ["Ada is in Bonn"]
    assert fired(live_shop, ada) == ["bonn"]
    assert states(live_shop) == 0


def test_what_is_missing_of_somebody_new_is_a_condition_too(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("ask", "phone is blank", add_tag="ask for a phone"))
    live_shop.person(ADA)
    live_shop.work()

    assert theirs(crm)["tags"] == ["ask for a phone"]


def test_what_was_true_before_the_rule_was_there_does_not_fire(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, city="Bonn", tags=["vip"])
    live_shop.work()
    load(
        live_shop,
        rule("bonn", 'city = "Bonn"', add_tag="x"),
        rule("vip", {"tag_added": "vip"}, add_tag="y"),
    )

    edit(live_shop, crm, ada, values={"state": "NRW"})

    assert fired(live_shop, ada) == []
    edit(live_shop, crm, ada, values={"city": "Hamm"})
    edit(live_shop, crm, ada, values={"city": "Bonn"})
    assert fired(live_shop, ada) == ["bonn"]


def test_a_tag_that_somebody_gives_in_the_crm_enrols_and_lists(live_shop: Any, crm: Any) -> None:
    connect(live_shop, crm)
    load(
        live_shop,
        rule(
            "buyer", {"tag_added": "bought"}, enrol="bread", put_on_list="buyers", remove_tag="lead"
        ),
    )
    ada = live_shop.person(ADA, tags=["lead"], name="Ada Lovelace")
    live_shop.work()

    edit(live_shop, crm, ada, tags=["lead", "bought"])

    (student,) = crm.coursehost()["students"]
    assert student["email"] == ADA
    with live_shop.store.read() as tx:
        assert [one.course for one in enrolments.of(tx, ada)] == ["bread"]
        assert [(one.list, one.wanted) for one in lists.of(tx, ada)] == [("buyers", True)]
    assert theirs(crm)["tags"] == ["bought"]


def test_an_enrolment_that_a_rule_wished_for_sets_off_another_when_it_is_done(
    live_shop: Any, crm: Any
) -> None:
    connect(live_shop, crm)
    load(
        live_shop,
        rule("buyer", {"tag_added": "bought"}, enrol="bread"),
        rule("student", {"enrolled": "bread"}, add_tag="student"),
    )
    ada = live_shop.person(ADA, tags=["bought"], name="Ada Lovelace")

    live_shop.work()

    assert sorted(theirs(crm)["tags"]) == ["bought", "student"]
    with live_shop.store.read() as tx:
        assert [(one.rule, one.depth) for one in firings.of(tx, ada)] == [
            ("student", 2),
            ("buyer", 1),
        ]


def test_an_enrolment_fires_once_for_each_course(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("new", {"enrolled": "*"}, add_tag="course: {course}"))
    ada = live_shop.person(ADA)
    live_shop.work()

    for course in ("Bread", "Bread", "Art"):
        with live_shop.store.write() as tx, watching.news(tx, ada, now=live_shop.clock()):
            enrolments.told(tx, ada, course, title=course, source="stripe", now=live_shop.clock())
        assert set(live_shop.work()) == {"done"}

    assert sorted(theirs(crm)["tags"]) == ["course: art", "course: bread"]
    assert fired(live_shop, ada) == ["new", "new"]


def test_an_enrolment_of_somebody_new_waits_until_she_is_in_the_crm(
    live_shop: Any, crm: Any
) -> None:
    load(live_shop, rule("new", {"enrolled": "*"}, only_if='city = "Bonn"', add_tag="bread"))
    ada = live_shop.person(ADA, city="Bonn")
    with live_shop.store.write() as tx, watching.news(tx, ada, now=live_shop.clock()):
        enrolments.told(tx, ada, "c1", title="Bread", source="stripe", now=live_shop.clock())

    assert set(live_shop.work()) == {"done"}

    assert theirs(crm)["tags"] == ["bread"]


def test_a_text_with_a_blank_in_it_is_left_out_and_the_rest_is_done(
    live_shop: Any, crm: Any
) -> None:
    load(live_shop, rule("x", 'city = "Bonn"', note="{first_name}!", add_tag="x"))
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()

    with live_shop.store.read() as tx:
        (one,) = firings.of(tx, ada)
    assert one.did == (
        'add the tag "x"',
        'write the note "{first_name}!": left out, for something in it is blank',
    )


def test_what_is_so_already_is_no_work(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("x", 'city = "Bonn"', add_tag="vip", remove_tag="no", take_off_list="l"))
    ada = live_shop.person(ADA, city="Bonn", tags=["vip"])
    live_shop.work()

    with live_shop.store.read() as tx:
        (one,) = firings.of(tx, ada)
        assert tx.execute(select(func.count()).select_from(tags)).scalar_one() == 1
    assert all(did.endswith("was so already") for did in one.did)
    assert states(live_shop) == 0


def test_the_same_text_again_is_no_second_note(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("x", 'city = "Bonn"', note="Hello"))
    ada = live_shop.person(ADA, city="Bonn", notes=["Hello"])
    live_shop.work()

    assert fired(live_shop, ada) == ["x"]
    assert len(theirs(crm)["notes"]) == 1


def test_a_file_does_not_undo_what_a_rule_took_off(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("x", 'city = "Bonn"', remove_tag="lead"))
    live_shop.person(ADA, tags=["lead"])
    live_shop.work()
    live_shop.person(ADA, tags=["lead"], city="Bonn")
    live_shop.work()
    assert theirs(crm)["tags"] == []

    live_shop.person(ADA, tags=["lead"], city="Bonn")

    assert live_shop.work() == []


# ---------------------------------------------------------------- once for each cause


def test_the_same_rules_loaded_again_fire_nothing_again(live_shop: Any, crm: Any) -> None:
    bonn = rule("bonn", 'city = "Bonn"', note="{date}")
    load(live_shop, bonn)
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()

    assert load(live_shop, bonn) == Kept((), (), (), ("bonn",))
    edit(live_shop, crm, ada, values={"state": "NRW"})

    assert fired(live_shop, ada) == ["bonn"]


@pytest.mark.parametrize("fate", ["before", "after"])
def test_a_commit_that_fails_or_is_not_answered_fires_once(
    live_shop: Any, crm: Any, fate: str
) -> None:
    load(live_shop, rule("bonn", 'city = "Bonn"', note="{date}"))
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.once()
    shaky = live_shop.shaky("well", fate)

    (ticket,) = live_shop.release()
    shaky.run(ticket)
    live_shop.work()

    assert fired(live_shop, ada) == ["bonn"]
    assert len(theirs(crm)["notes"]) == 1


def test_a_worker_that_dies_in_the_middle_fires_once(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("bonn", 'city = "Bonn"', note="{date}"))
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.once()
    (ticket,) = live_shop.release()
    ledger.claim(live_shop.store, ticket, worker="worker-9", lease_s=60)
    live_shop.clock.tick(61)
    ledger.reclaim(live_shop.store, attempts_max=8)
    live_shop.clock.tick(60)

    live_shop.work()

    assert fired(live_shop, ada) == ["bonn"]
    assert live_shop.run(ticket) == "stale"


def test_a_change_while_rules_look_is_looked_at_afterwards(live_shop: Any, crm: Any) -> None:
    load(
        live_shop,
        rule("bonn", 'city = "Bonn"', add_tag="b"),
        rule("art", {"enrolled": "art"}, add_tag="a"),
    )
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.once()
    (ticket,) = live_shop.release()

    from worker import rules as deed

    def slowly(job: Any, bench: Any, trail: Any) -> Any:
        effect = deed.contact(job, bench, trail)
        with live_shop.store.write() as tx, watching.news(tx, ada, now=live_shop.clock()):
            enrolments.told(tx, ada, "art", title=None, source="x", now=live_shop.clock())
        return effect

    assert live_shop.run(ticket, slowly) == "done"
    live_shop.work()

    assert fired(live_shop, ada) == ["bonn", "art"]
    assert states(live_shop) == 0


def test_a_contact_that_comes_back_is_not_new_to_the_rules(live_shop: Any, crm: Any) -> None:
    from contacts.store import history

    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()
    load(
        live_shop,
        rule("bonn", 'city = "Bonn"', add_tag="b"),
        rule("hamm", 'city = "Hamm"', add_tag="h"),
    )
    with live_shop.store.write() as tx:
        history.unlink(tx, ada, cause="deleted", now=live_shop.clock())
    live_shop.person(ADA, city="Hamm")
    live_shop.put(Wish(Kind.PUSH, HERE, ada))

    live_shop.work()

    assert fired(live_shop, ada) == ["hamm"]


# ---------------------------------------------------------------- what was so before, if asked


def test_fire_existing_fires_once_for_what_is_true_already(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()
    bonn = rule("bonn", 'city = "Bonn"', note="{date}")
    load(live_shop, bonn, fire_existing=True)

    for _ in range(2):
        live_shop.clock.tick(86_400)
        live_shop.put(Wish(Kind.RULES, HERE, ada, EXISTING))
        assert set(live_shop.work()) == {"done"}

    assert fired(live_shop, ada) == ["bonn"]
    assert len(theirs(crm)["notes"]) == 1


def test_fire_existing_leaves_alone_who_had_it_and_what_was_not_loaded_so(
    live_shop: Any, crm: Any
) -> None:
    bonn, other = (
        rule("bonn", 'city = "Bonn"', note="{date}"),
        rule("o", "city is not blank", add_tag="o"),
    )
    load(live_shop, bonn)
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()
    load(live_shop, bonn, other)

    live_shop.put(Wish(Kind.RULES, HERE, ada, EXISTING))
    live_shop.work()

    assert fired(live_shop, ada) == ["bonn"]


# ---------------------------------------------------------------- circles


def test_a_rule_sets_off_another(live_shop: Any, crm: Any) -> None:
    load(
        live_shop,
        rule("one", 'city = "Bonn"', add_tag="a"),
        rule("two", {"tag_added": "a"}, add_tag="b"),
        rule("three", 'tags contains "b"', note="{rule}"),
    )
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()

    with live_shop.store.read() as tx:
        found = [(one.rule, one.depth) for one in firings.of(tx, ada)][::-1]
    assert found == [("one", 1), ("two", 2), ("three", 3)]


def test_rules_in_a_circle_end_parked_with_the_reason(live_shop: Any, crm: Any) -> None:
    load(
        live_shop,
        rule("ping", {"tag_added": "a"}, remove_tag="a"),
        rule("pong", {"tag_removed": "a"}, add_tag="a"),
    )
    ada = live_shop.person(ADA, tags=["a"])
    live_shop.work()

    (parked,) = ledger_view.parked(live_shop.store)
    assert parked.code == "rules-circle"
    assert '"pong" would be number 6 of a chain' in parked.reason
    assert fired(live_shop, ada) == ["ping", "pong", "ping", "pong", "ping"]


def test_a_circle_that_was_mended_goes_on_where_it_was(live_shop: Any, crm: Any) -> None:
    ping = rule("ping", {"tag_added": "a"}, remove_tag="a")
    load(live_shop, ping, rule("pong", {"tag_removed": "a"}, add_tag="a"))
    ada = live_shop.person(ADA, tags=["a"])
    live_shop.work()
    live_shop.clock.tick(60)
    load(live_shop, ping, rule("end", {"tag_removed": "a"}, note="over"))

    with live_shop.store.write() as tx:
        tx.execute(update(jobs).where(jobs.c.state == "parked").values(state="waiting", attempts=0))
    live_shop.work()

    assert fired(live_shop, ada)[-1] == "end"
    assert ledger_view.parked(live_shop.store) == []


def test_something_that_undoes_a_rule_all_day_is_a_circle_too(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("vip", 'not tags contains "vip"', add_tag="vip"))
    ada = live_shop.person(ADA, tags=["vip"])
    live_shop.work()
    for _ in range(MOST_A_DAY + 3):
        with live_shop.store.write() as tx, watching.news(tx, ada, now=live_shop.clock()):
            tx.execute(update(tags).values(wanted=False, agreed=False))
        live_shop.clock.tick(60)
        live_shop.work()

    (parked,) = ledger_view.parked(live_shop.store)
    assert "does something undo what it does?" in parked.reason
    assert len(fired(live_shop, ada)) == MOST_A_DAY


# ---------------------------------------------------------------- what is kept


def test_a_rule_is_in_the_contacts_timeline(live_shop: Any, crm: Any) -> None:
    from contacts.store import timeline

    load(live_shop, rule("bonn", 'city = "Bonn"', add_tag="b"))
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()

    with live_shop.store.read() as tx:
        found = [
            (one.cause, dict(one.changes)) for one in timeline.of(tx, ada) if one.what == "rule"
        ]
    assert found == [("rule bonn", {"tag:b": [False, True]})]


def test_a_contact_that_is_removed_takes_what_rules_knew_along(live_shop: Any, crm: Any) -> None:
    from contacts.store import newcomers

    load(live_shop, rule("bonn", 'city = "Bonn"', add_tag="b"))
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()
    with live_shop.store.write() as tx:
        newcomers.remove(tx, ada, cause="deleted", now=live_shop.clock())

    assert fired(live_shop, ada) == []
    with live_shop.store.read() as tx:
        assert facts_store.before(tx, ada) is None
        assert tx.execute(select(func.count()).select_from(notes)).scalar_one() == 0


def test_a_task_is_due_so_long_after_the_firing(live_shop: Any, crm: Any) -> None:
    from contacts.store import contact_tasks

    task = {"title": "Call {first_name}", "body": "from {city}", "due": "2 days"}
    load(live_shop, rule("x", 'city = "Bonn"', task=[task, "Write"]))
    ada = live_shop.person(ADA, city="Bonn", first_name="Ada")
    live_shop.work()

    with live_shop.store.read() as tx:
        found = [(one.title, one.values["body"], one.due_at) for one in contact_tasks.of(tx, ada)]
    now = live_shop.clock()
    assert found == [("Call Ada", "from Bonn", now + 172_800), ("Write", "", now + 86_400)]
    assert len(theirs(crm)["tasks"]) == 2


def test_a_list_that_the_platform_cannot_be_told_sets_off_rules_too(
    live_shop: Any, crm: Any
) -> None:
    connect(live_shop, crm)
    load(
        live_shop,
        rule("on", 'city = "Bonn"', put_on_list="news"),
        rule("is", 'lists contains "news"', add_tag="reader"),
    )
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()

    with live_shop.store.read() as tx:
        found = [(one.rule, one.depth) for one in firings.of(tx, ada)][::-1]
    assert found == [("on", 1), ("is", 2)]
