"""What a webhook leads to: an echo costs no call, news costs one read, nobody's edit is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from contacts import events
from contacts.store import cards, forgetting, forgotten, history, inbox, sightings
from contacts.store.tables import contacts as contact_table
from contacts.store.tables import links, tags, webhooks
from ops.simulator import webhooks as made
from ops.simulator.world import Contact

ADA = "ada@example.com"
HERE = "loc1"


@dataclass
class School:
    """A worker, the stand-in of the CRM, and its webhooks, delivered by hand."""

    shop: Any
    crm: Any
    count: int = 0
    told: list[bytes] = field(default_factory=list)

    def body(self, type: str, remote: str, *, at: float | None = None, **shown: Any) -> bytes:
        """A webhook as the CRM would make it now."""
        self.count += 1
        (found,) = [one for one in self.crm.contacts(HERE, deleted=True) if one["id"] == remote]
        custom = {one["id"]: one["value"] for one in found["customFields"]}
        contact = Contact(remote, HERE, 0, 0, found, tuple(found["tags"]), custom)
        payload = made.contact(type, contact) | shown
        stamp = made.shapes.instant(round(1000 * (self.shop.clock() if at is None else at)))
        return orjson.dumps({**payload, "timestamp": stamp, "webhookId": f"wh-{self.count}"})

    def deliver(self, *bodies: bytes) -> list[str]:
        """Let them come in and be worked; returns how the jobs ended."""
        now = self.shop.clock()
        with self.shop.store.write() as tx:
            inbox.receive(tx, [events.read(one, now=now) for one in bodies], now=now)
        return self.shop.work()

    def tell(self, type: str, remote: str, **more: Any) -> list[str]:
        return self.deliver(self.body(type, remote, **more))

    def edit(self, remote: str, custom: Any = None, tags: Any = None, **values: Any) -> None:
        """What a person does in the CRM, a minute later."""
        self.tick(60)
        one: dict[str, Any] = {"id": remote, "values": values, "custom": custom or {}}
        self.crm.seed(HERE, one | ({"tags": tags} if tags is not None else {}))

    def tick(self, seconds: float) -> None:
        """Time passes here and there."""
        self.shop.clock.tick(seconds)

    def linked(self, email: str = ADA, **more: Any) -> tuple[int, str]:
        """A contact of ours that is in the CRM: (our id, its id there)."""
        ours = self.shop.person(email, **more)
        assert set(self.shop.work()) <= {"done"}
        return ours, self.remote(ours)

    def remote(self, ours: int) -> str:
        with self.shop.store.read() as tx:
            return str(cards.load(tx, ours).remote_id)

    def card(self, ours: int) -> cards.Card:
        with self.shop.store.read() as tx:
            return cards.load(tx, ours)

    def tags(self, ours: int) -> dict[str, bool]:
        query = select(tags.c.tag, tags.c.wanted).where(tags.c.contact == ours)
        with self.shop.store.read() as tx:
            return {row.tag: row.wanted for row in tx.execute(query)}

    def losses(self, ours: int) -> list[tuple[str, Any, str, str]]:
        with self.shop.store.read() as tx:
            return [(one.name, one.lost, one.side, one.cause) for one in history.of(tx, ours)]

    def outcomes(self) -> list[str]:
        with self.shop.store.read() as tx:
            return list(tx.execute(select(webhooks.c.outcome).order_by(webhooks.c.id)).scalars())

    def reads(self) -> int:
        return [operation for operation, _ in self.shop.calls()].count("contact.get")

    def theirs(self, remote: str) -> dict[str, Any]:
        return next(one for one in self.crm.contacts(HERE) if one["id"] == remote)

    def people(self) -> int:
        with self.shop.store.read() as tx:
            return len(tx.execute(select(contact_table.c.id)).all())


@pytest.fixture
def school(sqlite_store: Any, open_shop: Any, simulator: Any, clock: Any) -> School:
    crm = simulator(clock=clock)
    return School(open_shop(sqlite_store, crm), crm)


# ---------------------------------------------------------------- echoes


def test_echo_of_our_own_create_costs_no_call(school: School) -> None:
    _, remote = school.linked(first_name="Ada", last_name="Byron", city="London")
    before = school.shop.calls()

    assert school.tell("ContactCreate", remote) == ["done"]

    assert school.shop.calls() == before
    assert school.outcomes() == ["echo"]


def test_echo_of_our_own_update_costs_no_call(school: School) -> None:
    _, remote = school.linked(city="London")
    school.tick(3600)
    school.linked(city="Paris")
    before = school.shop.calls()

    school.tell("ContactUpdate", remote)

    assert school.shop.calls() == before


def test_echo_of_our_own_tags_costs_no_call(school: School) -> None:
    _, remote = school.linked(tags=["student"])
    before = school.shop.calls()

    school.tell("ContactTagUpdate", remote)

    assert school.shop.calls() == before


def test_stale_echo_of_an_earlier_write_costs_no_call(school: School) -> None:
    _, remote = school.linked(city="London")
    stale = school.body("ContactCreate", remote)
    school.tick(3600)
    school.linked(city="Paris")
    school.tick(72 * 3600)

    school.deliver(stale)

    assert school.reads() == 0
    assert school.outcomes() == ["old"]


def test_stale_echo_of_a_write_a_second_before_the_last_costs_no_call(school: School) -> None:
    _, remote = school.linked(city="London")
    stale = school.body("ContactCreate", remote)
    school.tick(1)
    school.linked(city="Paris")
    fresh = school.body("ContactUpdate", remote)

    school.deliver(fresh)
    school.deliver(stale)

    assert school.reads() == 0
    assert school.outcomes() == ["echo", "echo"]


def test_the_same_event_again_is_not_acted_upon_again(school: School) -> None:
    _, remote = school.linked()
    school.edit(remote, city="Paris")
    body = school.body("ContactUpdate", remote)
    school.deliver(body)

    assert school.deliver(body) == []
    assert school.reads() == 1


def test_the_same_event_under_another_id_costs_no_second_read(school: School) -> None:
    _, remote = school.linked()
    school.edit(remote, city="Paris")
    at = school.shop.clock()
    school.tell("ContactUpdate", remote, at=at)
    school.tick(3600)
    school.tell("ContactUpdate", remote, at=at)

    assert school.reads() == 1


def test_a_hundred_events_of_one_contact_cost_one_read(school: School) -> None:
    _, remote = school.linked()
    bodies = []
    for n in range(100):
        school.edit(remote, city=f"City {n}")
        bodies.append(school.body("ContactUpdate", remote))

    assert school.deliver(*bodies) == ["done"]
    assert school.reads() == 1


# ---------------------------------------------------------------- news


def test_a_persons_edit_becomes_ours(school: School) -> None:
    ours, remote = school.linked(city="London")
    school.edit(remote, city="Paris", firstName="Ada", custom={"cfLevel0000000000001": "B2"})

    school.tell("ContactUpdate", remote)

    card = school.card(ours)
    assert (card.fields["city"], card.fields["first_name"]) == ("Paris", "Ada")
    assert card.agreed["city"] == "Paris"
    assert school.reads() == 1
    assert school.shop.work() == []  # nothing is owed, so nothing goes back


def test_an_edit_back_to_an_older_value_is_not_taken_for_an_echo(school: School) -> None:
    ours, remote = school.linked(city="London")
    school.tick(3600)
    school.linked(city="Paris")
    school.tick(3600)
    school.edit(remote, city="London")

    school.tell("ContactUpdate", remote)

    assert school.card(ours).fields["city"] == "London"


def test_an_edit_back_within_seconds_of_our_write_is_not_taken_for_an_echo(school: School) -> None:
    ours, remote = school.linked(city="London")
    create = school.body("ContactCreate", remote)
    school.tick(1)
    school.linked(city="Paris")
    update = school.body("ContactUpdate", remote)
    school.tick(1)
    school.crm.seed(HERE, {"id": remote, "values": {"city": "London"}})
    edit = school.body("ContactUpdate", remote)

    for body in (edit, update, create):
        school.deliver(body)

    assert school.card(ours).fields["city"] == "London"


def test_an_edit_that_the_event_does_not_show_is_found(school: School) -> None:
    ours, remote = school.linked(timezone="Europe/Berlin")
    school.deliver(school.body("ContactCreate", remote))
    school.edit(remote, timezone="Europe/Paris")

    school.tell("ContactUpdate", remote)

    assert school.card(ours).fields["timezone"] == "Europe/Paris"


def test_an_edit_that_is_not_shown_is_found_even_before_the_echo_of_our_write(
    school: School,
) -> None:
    ours, remote = school.linked(city="London", timezone="Europe/Berlin")
    school.tick(3600)
    school.linked(city="Paris")
    echo = school.body("ContactUpdate", remote)
    school.tick(2)
    school.crm.seed(HERE, {"id": remote, "values": {"timezone": "Europe/Paris"}})

    school.tell("ContactUpdate", remote)
    school.deliver(echo)

    assert school.card(ours).fields["timezone"] == "Europe/Paris"


def test_edits_of_both_sides_on_different_fields_both_stay(school: School) -> None:
    ours, remote = school.linked(city="London")
    school.edit(remote, postalCode="75001")
    school.shop.person(ADA, city="Paris")

    school.tell("ContactUpdate", remote)

    assert school.card(ours).fields["postal_code"] == "75001"
    assert school.theirs(remote)["city"] == "Paris"
    assert school.losses(ours) == []


def test_what_a_push_finds_changed_there_becomes_ours_at_once(school: School) -> None:
    ours, remote = school.linked(city="London")
    school.edit(remote, postalCode="75001")
    school.linked(city="Paris")

    assert school.card(ours).fields["postal_code"] == "75001"
    assert school.reads() == 0


def test_a_conflict_is_decided_by_the_rule_and_the_loser_is_kept(school: School) -> None:
    ours, remote = school.linked(city="London")
    school.shop.person(ADA, city="Paris")
    school.shop.release()  # the push is under way in some other hand
    school.edit(remote, city="Rome")

    with school.shop.store.write() as tx:
        body = school.body("ContactUpdate", remote)
        inbox.receive(tx, [events.read(body, now=school.shop.clock())], now=school.shop.clock())
        tx.exec_driver_sql("DELETE FROM jobs WHERE kind = 'contact.push'")
    school.shop.work()

    assert school.card(ours).fields["city"] == "Rome"  # the newer one
    assert school.losses(ours) == [("city", "Paris", "ours", "newest")]


def test_an_edit_that_we_wrote_over_unseen_comes_back_if_it_was_newer(school: School) -> None:
    ours, remote = school.linked(city="London")
    school.tick(3600)
    school.shop.person(ADA, city="Paris")  # waits in a long line …
    school.edit(remote, city="Rome")  # … while somebody edits there
    event = school.body("ContactUpdate", remote)
    school.tick(3600)
    school.shop.work()  # our push, an hour late, covers the edit
    assert school.theirs(remote)["city"] == "Paris"

    school.deliver(event)

    assert school.theirs(remote)["city"] == "Rome"
    assert school.card(ours).fields["city"] == "Rome"
    assert school.losses(ours) == [("city", "Paris", "ours", "overwritten")]


def test_an_edit_that_we_wrote_over_unseen_is_kept_if_it_was_older(school: School) -> None:
    ours, remote = school.linked(city="London")
    school.edit(remote, city="Rome")
    event = school.body("ContactUpdate", remote)
    school.tick(3600)
    school.linked(city="Paris")

    school.deliver(event)
    school.deliver(event.replace(b'"wh-', b'"again-'))

    assert school.theirs(remote)["city"] == "Paris"
    assert school.losses(ours) == [("city", "Rome", "theirs", "overwritten")]


def test_a_tag_that_a_person_removed_stays_removed(school: School) -> None:
    ours, remote = school.linked(tags=["student", "berlin"])
    school.edit(remote, tags=["berlin", "vip"])

    school.tell("ContactTagUpdate", remote)

    assert school.tags(ours) == {"student": False, "berlin": True, "vip": True}
    assert school.shop.work() == []


def test_an_email_that_another_contact_of_ours_has_is_not_taken_in(school: School) -> None:
    ours, remote = school.linked()
    school.linked("bob@example.com")
    school.edit(remote, email="bob@example.com")

    school.tell("ContactUpdate", remote)

    assert school.card(ours).email == ADA
    assert school.losses(ours) == [("email", "bob@example.com", "theirs", "taken")]
    assert school.shop.work() == []


def test_an_email_that_changed_there_keeps_the_pair(school: School) -> None:
    ours, remote = school.linked()
    school.edit(remote, email="lovelace@example.com")

    school.tell("ContactUpdate", remote)

    assert school.card(ours).email == "lovelace@example.com"
    assert school.remote(ours) == remote


# ---------------------------------------------------------------- strangers


def test_a_contact_that_is_new_there_is_adopted(school: School) -> None:
    (remote,) = school.crm.seed(
        HERE, {"values": {"email": "eve@example.com", "firstName": "Eve"}, "tags": ["walk-in"]}
    )

    school.tell("ContactCreate", remote)

    with school.shop.store.read() as tx:
        (ours,) = tx.execute(select(links.c.contact)).scalars()
    assert school.card(ours).fields == {"email": "eve@example.com", "first_name": "Eve"}
    assert school.tags(ours) == {"walk-in": True}
    assert school.reads() == 1
    assert school.shop.work() == []


def test_a_contact_that_is_new_there_is_left_alone_where_it_is_set_so(
    school: School, open_shop: Any
) -> None:
    school.shop = open_shop(school.shop.store, school.crm, adopt=False)
    (remote,) = school.crm.seed(HERE, {"values": {"email": "eve@example.com"}})

    school.tell("ContactCreate", remote)

    assert (school.people(), school.reads(), school.outcomes()) == (0, 0, ["stranger"])


@pytest.mark.parametrize("adopt", [True, False])
def test_a_contact_that_we_know_by_email_is_linked(
    school: School, open_shop: Any, adopt: bool
) -> None:
    school.shop = open_shop(school.shop.store, school.crm, adopt=adopt)
    ours = school.shop.person(ADA, city="London")
    (push,) = school.shop.release()
    with school.shop.store.write() as tx:
        tx.exec_driver_sql(f"DELETE FROM jobs WHERE id = {push.job}")
    (remote,) = school.crm.seed(HERE, {"values": {"email": ADA.upper(), "postalCode": "75001"}})

    school.tell("ContactCreate", remote)

    assert school.people() == 1
    assert school.card(ours).fields["postal_code"] == "75001"
    assert school.theirs(remote)["city"] == "London"


def test_the_echo_of_our_create_that_outruns_our_commit_costs_no_call(school: School) -> None:
    school.shop.person(ADA)
    (push,) = school.shop.release()
    from worker import push as pushing

    def while_it_is_under_way(job: Any, bench: Any, trail: Any) -> Any:
        effect = pushing.contact(job, bench, trail)
        (found,) = school.crm.contacts(HERE)
        body = school.body("ContactCreate", found["id"])
        with school.shop.store.write() as tx:
            inbox.receive(tx, [events.read(body, now=0)], now=school.shop.clock())
        (pull,) = school.shop.release()
        assert school.shop.run(pull) == "done"  # it steps back behind the push
        assert school.shop.release() == []
        return effect

    assert school.shop.run(push, while_it_is_under_way) == "done"
    assert school.shop.work() == ["done"]
    assert school.reads() == 0
    assert school.people() == 1


def test_a_stranger_with_the_phone_of_one_of_ours_and_another_email_is_somebody_new(
    school: School,
) -> None:
    phone = "+12025550100"
    ours = school.shop.person(ADA, phone)
    (push,) = school.shop.release()  # it is not linked yet
    (eve,) = school.crm.seed(HERE, {"values": {"email": "eve@example.com", "phone": phone}})

    school.tell("ContactCreate", eve)

    assert school.people() == 2
    assert school.card(ours).remote_id is None
    school.shop.run(push)
    school.shop.work()
    assert school.remote(ours) != eve
    assert {one["email"] for one in school.crm.contacts(HERE)} == {ADA, "eve@example.com"}


def test_a_stranger_whose_further_email_is_ours_is_that_person(school: School) -> None:
    ours = school.shop.person(ADA)
    (push,) = school.shop.release()
    values = {"email": "ada@work.example", "additionalEmails": [ADA]}
    (remote,) = school.crm.seed(HERE, {"values": values})

    school.tell("ContactCreate", remote)
    school.shop.run(push)
    school.shop.work()

    assert (school.people(), school.remote(ours)) == (1, remote)
    assert school.theirs(remote)["email"] == "ada@work.example"


def test_a_second_contact_there_with_our_email_is_nobody_here(school: School) -> None:
    ours, remote = school.linked()
    (twin,) = school.crm.seed(HERE, {"values": {"email": ADA, "city": "Paris"}})

    school.tell("ContactCreate", twin)

    assert school.remote(ours) == remote
    assert (school.people(), school.outcomes()) == (1, ["stranger"])


# ---------------------------------------------------------------- deleted, merged


def test_a_contact_deleted_there_is_marked_and_nothing_is_sent_for_it(school: School) -> None:
    from worker.tasks import put_what_is_owed

    ours, remote = school.linked(tags=["a"], notes=["Hello"])
    school.crm.delete(HERE, [remote])

    school.tell("ContactDelete", remote)

    assert school.card(ours).gone
    school.shop.person(ADA, city="Paris", tags=["b"], notes=["Again"])
    put_what_is_owed(school.shop.bench)
    assert school.shop.work() == []
    assert school.crm.contacts(HERE) == []
    with school.shop.store.read() as tx:
        assert history.past_remotes(tx, ours) == [(remote, "deleted")]
        assert sightings.of(tx, ours) == []


def test_a_contact_deleted_there_comes_back_where_it_is_kept(
    school: School, open_shop: Any
) -> None:
    from worker.tasks import put_what_is_owed

    school.shop = open_shop(school.shop.store, school.crm, deleted="keep")
    ours, remote = school.linked()
    school.crm.delete(HERE, [remote])

    school.tell("ContactDelete", remote)
    put_what_is_owed(school.shop.bench)
    school.shop.work()

    assert len(school.crm.contacts(HERE)) == 1
    assert school.remote(ours) != remote


def test_a_contact_deleted_there_is_deleted_here_where_it_is_set_so(
    school: School, open_shop: Any
) -> None:
    school.shop = open_shop(school.shop.store, school.crm, deleted="delete")
    _, remote = school.linked(tags=["a"], notes=["Hello"])
    school.shop.person(ADA, city="Paris")
    school.shop.release()
    school.crm.delete(HERE, [remote])
    with school.shop.store.write() as tx:
        tx.exec_driver_sql("UPDATE jobs SET state = 'parked' WHERE state = 'released'")

    school.tell("ContactDelete", remote)

    assert school.people() == 0
    assert [row.kind for row in school.shop.rows() if row.state != "done"] == []


def test_a_contact_that_is_there_again_is_ours_again(school: School) -> None:
    ours, remote = school.linked(city="London")
    school.crm.delete(HERE, [remote])
    school.tell("ContactDelete", remote)
    school.tick(60)
    school.crm.seed(HERE, {"id": remote, "deleted": False, "values": {"city": "Paris"}})

    school.tell("ContactCreate", remote)

    assert not school.card(ours).gone
    assert school.remote(ours) == remote
    assert school.people() == 1


def test_a_deletion_that_was_undone_meanwhile_deletes_nothing(school: School) -> None:
    ours, remote = school.linked()
    school.tick(60)
    school.crm.delete(HERE, [remote])
    event = school.body("ContactDelete", remote)
    school.crm.seed(HERE, {"id": remote, "deleted": False})

    school.deliver(event)

    assert not school.card(ours).gone


@pytest.mark.parametrize("by", ["email", "phone"])
def test_a_contact_that_was_merged_into_another_is_linked_to_that_one(
    school: School, by: str
) -> None:
    ours, child = school.linked(phone="+15005550006", city="London")
    same = {"email": ADA} if by == "email" else {"phone": "+15005550006"}
    (master,) = school.crm.seed(HERE, {"values": {**same, "postalCode": "75001"}})
    school.tick(60)
    school.crm.merge(HERE, master, child)

    school.tell("ContactDelete", child)

    assert school.remote(ours) == master
    assert school.card(ours).fields["postal_code"] == "75001"
    assert school.outcomes() == ["relinked"]
    with school.shop.store.read() as tx:
        assert history.past_remotes(tx, ours) == [(child, "merged")]


def test_two_contacts_of_ours_that_were_merged_there_leave_one_linked(school: School) -> None:
    ada, master = school.linked()
    bob, child = school.linked("bob@example.com")
    school.tick(60)
    school.crm.merge(HERE, master, child)

    school.tell("ContactDelete", child)

    assert school.remote(ada) == master
    assert school.card(bob).gone
    assert school.outcomes() == ["merged"]


def test_a_deletion_of_somebody_unknown_costs_no_call(school: School) -> None:
    (remote,) = school.crm.seed(HERE, {"values": {"email": "eve@example.com"}})
    school.crm.delete(HERE, [remote])

    school.tell("ContactDelete", remote)

    assert school.shop.calls() == []


# ---------------------------------------------------------------- workflows


def test_a_workflows_webhook_is_looked_into_whatever_it_says(school: School) -> None:
    ours, remote = school.linked()
    school.edit(remote, city="Paris")
    now = school.shop.clock()
    with school.shop.store.write() as tx:
        body = orjson.dumps({"contact_id": remote})
        event = events.read_workflow(body, id="workflow:1", location=HERE, now=now)
        inbox.receive(tx, [event], now=now)

    school.shop.work()

    assert school.card(ours).fields["city"] == "Paris"


# ---------------------------------------------------------------- a CRM with quirks


def test_an_answer_that_is_older_than_the_event_is_not_believed_at_once(school: School) -> None:
    ours, remote = school.linked(city="London")
    school.tick(3600)
    early = school.body("ContactUpdate", remote, city="Paris")
    now = school.shop.clock()
    with school.shop.store.write() as tx:
        inbox.receive(tx, [events.read(early, now=now)], now=now)
    assert school.shop.once().startswith("Retry: attempt 1 of 3: the CRM's answer is older")

    school.edit(remote, city="Paris")
    school.shop.work()

    assert school.card(ours).fields["city"] == "Paris"


def test_an_answer_that_stays_older_than_the_event_is_believed_the_second_time(
    school: School,
) -> None:
    ours, remote = school.linked(city="London")
    school.tick(3600)
    school.tell("ContactUpdate", remote, city="Paris")
    school.tick(60)
    school.shop.work()

    assert school.card(ours).fields["city"] == "London"
    assert (school.outcomes(), school.reads()) == (["read"], 2)


def test_a_contact_that_is_shown_as_deleted_is_gone(
    sqlite_store: Any, open_shop: Any, simulator: Any, clock: Any
) -> None:
    crm = simulator(clock=clock, quirks={"deleted_contact": "shown"})
    school = School(open_shop(sqlite_store, crm), crm)
    ours, remote = school.linked()
    crm.delete(HERE, [remote])

    school.tell("ContactDelete", remote)

    assert school.card(ours).gone


def test_two_workers_that_meet_the_same_stranger_make_one_contact(school: School) -> None:
    from worker import pull

    (remote,) = school.crm.seed(HERE, {"values": {"firstName": "Nameless"}})
    now = school.shop.clock()
    body = school.body("ContactCreate", remote)
    with school.shop.store.write() as tx:
        inbox.receive(tx, [events.read(body, now=now)], now=now)
    (first,) = school.shop.release()

    def meanwhile(job: Any, bench: Any, trail: Any) -> Any:
        effect = pull.contact(job, bench, trail)
        assert school.tell("ContactUpdate", remote) == ["done"]
        return effect

    school.shop.run(first, meanwhile)
    assert school.people() == 1


def forget(school: School, ours: int) -> None:
    forgotten.use(school.shop.store, school.shop.bench.settings)
    with school.shop.store.write() as tx:
        assert forgetting.erase(tx, ours, now=school.shop.clock()) is not None


def test_an_edit_in_the_crm_does_not_bring_a_forgotten_person_back(school: School) -> None:
    ours, remote = school.linked()
    school.tick(100)
    forget(school, ours)
    school.edit(remote, city="Hamm")
    before = school.reads()

    assert school.tell("ContactUpdate", remote) == ["done"]

    assert school.outcomes()[-1] == "forgotten"
    assert (school.people(), school.reads()) == (0, before)


def test_a_forgotten_person_who_is_made_anew_in_the_crm_stays_out(school: School) -> None:
    ours, remote = school.linked()
    school.tick(100)
    forget(school, ours)
    again = school.body("ContactCreate", remote)

    school.deliver(again.replace(remote.encode(), b"another1"))

    assert school.outcomes()[-1] == "forgotten"
    assert school.people() == 0
