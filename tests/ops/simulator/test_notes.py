"""Notes: each create makes one more."""

from __future__ import annotations

from typing import Any

from ops.simulator.seeding import Seed, Seeds, seed


def test_a_repeated_create_makes_a_second_note(api: Any) -> None:  # no idempotency key: SPEC
    id = api.new(email="ada@example.org")

    for _ in range(2):
        answer = api("POST", f"/contacts/{id}/notes", {"body": "hello", "color": "#FFAA00"})
        assert answer.status == 201
    notes = api("GET", f"/contacts/{id}/notes").json["notes"]

    assert [note["body"] for note in notes] == ["hello", "hello"]
    assert notes[0]["contactId"] == id
    assert notes[0]["color"] == "#FFAA00"
    assert notes[0]["id"] != notes[1]["id"]


def test_a_note_that_the_api_made_has_no_user(api: Any) -> None:
    id = api.new(email="ada@example.org")
    plain = api("POST", f"/contacts/{id}/notes", {"body": "b"}).json["note"]
    signed = api("POST", f"/contacts/{id}/notes", {"body": "b", "userId": "u1"}).json["note"]
    assert "userId" not in plain
    assert signed["userId"] == "u1"


def test_newest_note_first(api: Any, clock: Any) -> None:
    id = api.new(email="ada@example.org")
    for body in ("old", "new"):
        clock.tick(1)
        api("POST", f"/contacts/{id}/notes", {"body": body})
    notes = api("GET", f"/contacts/{id}/notes").json["notes"]
    assert [note["body"] for note in notes] == ["new", "old"]


def test_notes_of_nobody(api: Any) -> None:
    for method, body in (("GET", None), ("POST", {"body": "b"})):
        answer = api(method, "/contacts/nobody/notes", body)
        assert (answer.status, answer.said) == (400, "Contact with id nobody not found")


def test_a_note_is_changed_by_its_id(api: Any) -> None:  # facts 5
    id = api.new(email="ada@example.org")
    body = {"body": "old", "title": "Course"}
    note = api("POST", f"/contacts/{id}/notes", body).json["note"]["id"]
    answer = api("PUT", f"/contacts/{id}/notes/{note}", {"body": "new"})
    assert (answer.status, answer.json["note"]["body"]) == (200, "new")
    assert answer.json["note"]["title"] == "Course"
    assert api("GET", f"/contacts/{id}/notes/{note}").json["note"]["body"] == "new"


def test_a_note_is_deleted_by_its_id_and_then_unknown(api: Any) -> None:  # facts 5
    id = api.new(email="ada@example.org")
    note = api("POST", f"/contacts/{id}/notes", {"body": "b"}).json["note"]["id"]
    assert api("DELETE", f"/contacts/{id}/notes/{note}").json["succeded"] is True
    assert api("GET", f"/contacts/{id}/notes").json["notes"] == []
    for method, body in (("GET", None), ("PUT", {"body": "x"}), ("DELETE", None)):
        assert api(method, f"/contacts/{id}/notes/{note}", body).status == 400


def test_a_person_edits_and_deletes_notes(api: Any) -> None:
    id = api.new(email="ada@example.org")
    first, second = (
        api("POST", f"/contacts/{id}/notes", {"body": body}).json["note"]["id"]
        for body in ("one", "two")
    )
    more = Seed(id=id, edited={first: "uno", second: None}, notes=("three",))
    seed(api.standin.world, Seeds(location="loc1", contacts=(more,)))
    notes = api("GET", f"/contacts/{id}/notes").json["notes"]
    assert [note["body"] for note in notes] == ["three", "uno"]
