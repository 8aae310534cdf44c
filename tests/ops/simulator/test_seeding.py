"""What people do in the CRM itself."""

from __future__ import annotations

from typing import Any

import pytest

from ops.simulator import seeding
from ops.simulator.config import BadConfig
from ops.simulator.seeding import Seed, Seeds


def put(api: Any, **one: Any) -> str:
    made = seeding.seed(api.standin.world, Seeds(location="loc1", contacts=(Seed(**one),)))
    return str(made["ids"][0])


def test_a_contact_that_somebody_typed_is_there(api: Any) -> None:
    id = put(api, values={"firstName": "Ada"}, tags=("VIP",), custom={"cfLevel": "A"})
    contact = api.get(id).json["contact"]
    assert (contact["name"], contact["tags"]) == ("Ada", ["vip"])
    assert contact["customFields"] == [{"id": "cfLevel", "value": "A"}]


def test_an_edit_leaves_what_it_does_not_name(api: Any, clock: Any) -> None:
    id = api.new(email="ada@example.org", city="Rome", tags=["a"])
    clock.tick(5)
    put(api, id=id, values={"city": None, "state": "AL"}, notes=("called",))

    contact = api.get(id).json["contact"]

    assert (contact["email"], contact["state"], contact["tags"]) == (
        "ada@example.org", "AL", ["a"],
    )  # fmt: skip
    assert "city" not in contact
    assert contact["dateAdded"] < contact["dateUpdated"]
    assert len(api("GET", f"/contacts/{id}/notes").json["notes"]) == 1


def test_people_delete_and_bring_back(api: Any) -> None:  # help centre: restore within 60 days
    id = api.new(email="ada@example.org")
    api.new(email="bob@example.org")
    assert seeding.delete(api.standin.world, "loc1", [id, "nobody"]) == 1
    assert api.get(id).status == 400
    put(api, id=id, deleted=False)
    assert api.get(id).status == 200
    assert seeding.delete(api.standin.world, "loc1", None) == 2


def test_the_dump_has_tags_and_notes(api: Any) -> None:
    id = put(api, values={"email": "a@example.org"}, tags=("x",), notes=("n1", "n2"))
    gone = put(api, values={"email": "b@example.org"}, deleted=True)

    living = seeding.dump(api.standin.world, "loc1")
    everybody = seeding.dump(api.standin.world, "loc1", deleted=True)

    assert [one["id"] for one in living] == [id]
    assert [note["body"] for note in living[0]["notes"]] == ["n1", "n2"]
    assert [(one["id"], one["deleted"]) for one in everybody] == [(id, False), (gone, True)]


def test_contacts_from_the_past_are_listed_in_their_place(api: Any) -> None:
    new = api.new(email="new@example.org")
    old = put(api, values={"email": "old@example.org"}, added_ms=1_000)
    rows = api("GET", "/contacts/?locationId=loc1").json["contacts"]
    assert [row["id"] for row in rows] == [new, old]
    assert rows[1]["dateAdded"] == "1970-01-01T00:00:01.000Z"


def test_a_location_that_is_not_there(api: Any) -> None:
    for act in (
        lambda: seeding.dump(api.standin.world, "nowhere"),
        lambda: seeding.delete(api.standin.world, "nowhere", None),
        lambda: seeding.seed(api.standin.world, Seeds(location="nowhere", contacts=())),
    ):
        with pytest.raises(BadConfig, match=r"^location: there is no location nowhere"):
            act()


DAY_S = 86_400


@pytest.mark.parametrize(("switch", "notes"), [(True, 1), (False, 0)])
def test_a_deleted_contact_is_brought_back(  # two articles of the help centre contradict each other
    stand_in: Any, clock: Any, switch: bool, notes: int
) -> None:
    api = stand_in(quirks={"restore_brings_notes": switch})
    id = api.new(name="Ada")
    api("POST", f"/contacts/{id}/notes", {"body": "hello"})
    api("DELETE", f"/contacts/{id}")
    clock.tick(59 * DAY_S)

    seeding.restore(api.standin.world, seeding.Restoring(location="loc1", ids=(id,)))

    assert api.get(id).status == 200
    assert len(api("GET", f"/contacts/{id}/notes").json["notes"]) == notes


def test_after_sixty_days_nobody_is_brought_back(api: Any, clock: Any) -> None:  # help centre
    id = api.new(name="Ada")
    api("DELETE", f"/contacts/{id}")
    clock.tick(61 * DAY_S)
    with pytest.raises(BadConfig, match="more than 60 days ago"):
        seeding.restore(api.standin.world, seeding.Restoring(location="loc1", ids=(id,)))


def test_only_the_deleted_are_brought_back(api: Any) -> None:
    id = api.new(name="Ada")
    with pytest.raises(BadConfig, match="no deleted contact"):
        seeding.restore(api.standin.world, seeding.Restoring(location="loc1", ids=(id,)))


@pytest.mark.parametrize(("switch", "told"), [(True, 2), (False, 1)])
def test_a_merge_may_tell_of_those_who_went(  # not published
    stand_in: Any, switch: bool, told: int
) -> None:
    api = stand_in(quirks={"merge_tells_of_children": switch})
    into, child = api.new(email="a@example.org"), api.new(email="b@example.org")
    api("POST", f"/contacts/{child}/campaigns/c1")
    seen: list[str] = []
    api.standin.world.listeners.append(lambda old, new: seen.append(new.id))

    asked = seeding.Merge(location="loc1", into=into, ids=(child,))
    seeding.merge(api.standin.world, asked)

    assert len(seen) == told
    assert api.standin.world.find(into).ties.campaigns == ("c1",)


def test_appointments_that_people_made(api: Any) -> None:  # SPEC: times without a zone
    id = api.new(name="Ada")
    made = {"title": "Call", "startTime": "2026-11-26 11:00:00", "endTime": "2026-11-26 11:30:00"}
    seeds = seeding.Seeds(location="loc1", contacts=(seeding.Seed(id=id, appointments=(made,)),))
    seeding.seed(api.standin.world, seeds)

    answer = api("GET", f"/contacts/{id}/appointments")

    assert answer.status == 200
    (event,) = answer.json["events"]
    assert event == {**made, "id": event["id"], "contactId": id, "locationId": "loc1"}
