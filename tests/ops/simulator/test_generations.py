"""The two generations of the API: which paths are there, and which names they use.

SPEC is the published specification of both, "live" what integrators measured in August 2026.
"""

from __future__ import annotations

from typing import Any

import pytest

from ops.simulator import routes

OLD = ("2021-04-15", "2021-07-28", "2023-02-21")
USER = "u" * 20


def test_there_are_all_the_calls_of_contacts_of_both_generations() -> None:  # SPEC: 32 and 31
    contacts = [one for one in routes.ALL if " /contacts/" in one.operation]
    older = [one for one in contacts if not one.v3]
    newer = [one for one in contacts if not one.old]
    assert len(older) == 32
    # and the one that the documentation has since the summer of 2026
    assert len(newer) == 31 + 1


@pytest.mark.parametrize("version", OLD)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/contacts/lookup?email=a@example.org"),
        ("DELETE", "/contacts/{id}/campaigns/remove-all"),
    ],
)
def test_a_path_of_v3_is_404_before_it(  # live
    api: Any, version: str, method: str, path: str
) -> None:
    path = path.format(id=api.new(email="a@example.org"))
    api.version = version

    answer = api(method, path)

    assert (answer.status, answer.said) == (404, f"Cannot {method} {path.partition('?')[0]}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/contacts/?locationId=loc1"),
        ("DELETE", "/contacts/{id}/campaigns/removeAll"),
        ("DELETE", "/contacts/{id}/campaigns/remove-all"),
    ],
)
def test_paths_of_before_are_alive_under_v3(api: Any, method: str, path: str) -> None:  # live
    path = path.format(id=api.new(email="a@example.org"))
    api.version = "v3"
    assert api(method, path).status == 200


def test_paths_of_before_can_be_gone_under_v3(stand_in: Any) -> None:  # SPEC: they are not in it
    api = stand_in(quirks={"v3_keeps_old_paths": False})
    api.version = "v3"
    assert api("GET", "/contacts/?locationId=loc1").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/contacts/{id}/notes/{note}", None),
        ("DELETE", "/contacts/{id}/tasks/{task}", None),
        ("POST", "/contacts/{id}/campaigns/c1", {}),
        ("DELETE", "/contacts/{id}/campaigns/c1", None),
        ("DELETE", "/contacts/{id}/campaigns/removeAll", None),
        ("POST", "/contacts/{id}/workflow/w1", {}),
        ("DELETE", "/contacts/{id}/workflow/w1", {}),
        ("POST", "/contacts/bulk/tags/update/add",
         {"locationId": "loc1", "contacts": [], "tags": []}),
        ("DELETE", "/contacts/{id}", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("version", "said"),
    [("2021-07-28", {"succeded": True}), ("v3", {"succeeded": True, "succeded": True})],
)
def test_the_two_spellings_of_success(  # SPEC
    api: Any, method: str, path: str, body: Any, version: str, said: dict[str, bool]
) -> None:
    id = api.new(email="a@example.org")
    note = api("POST", f"/contacts/{id}/notes", {"body": "n"}).json["note"]["id"]
    task = {"title": "t", "dueDate": "2027-01-15T12:00:00Z", "completed": False}
    task = api("POST", f"/contacts/{id}/tasks", task).json["task"]["id"]
    api.version = version

    answer = api(method, path.format(id=id, note=note, task=task), body)

    assert answer.status in (200, 201)
    assert {name: one for name, one in answer.json.items() if name.startswith("suc")} == said


@pytest.mark.parametrize(("version", "said"), [("2021-07-28", {"succeded"}), ("v3", {"succeeded"})])
def test_an_update_has_one_spelling(api: Any, version: str, said: set[str]) -> None:  # SPEC
    id = api.new(email="a@example.org")
    api.version = version
    assert {name for name in api.update(id, city="Oslo").json if name.startswith("suc")} == said


@pytest.mark.parametrize(
    ("version", "sent", "status"),
    [
        ("2021-07-28", "SMS", 200),
        ("2021-07-28", "RCS", 200),  # 264: seen live
        ("2021-07-28", "sms", 422),
        ("v3", "sms", 200),
        ("v3", "whatsApp", 200),
        ("v3", "SMS", 422),
    ],
)
def test_channels_of_dnd_have_names_of_their_generation(  # SPEC
    api: Any, version: str, sent: str, status: int
) -> None:
    id = api.new(email="a@example.org")
    api.version = version
    told = {sent: {"status": "active", "message": "no", "code": "all"}}

    answer = api.update(id, dndSettings=told)

    assert answer.status == status, answer.json
    if status == 200:
        assert answer.json["contact"]["dndSettings"] == told
        assert api.get(id).json["contact"]["dndSettings"] == told
    else:
        assert answer.said == [f"dndSettings.property {sent} should not exist"]


def test_one_channel_is_shown_in_both_generations(api: Any) -> None:
    id = api.new(email="a@example.org", dndSettings={"WhatsApp": {"status": "inactive"}})
    api.version = "v3"
    assert api.get(id).json["contact"]["dndSettings"] == {"whatsApp": {"status": "inactive"}}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("off", "dndSettings must be an object"),
        ({"SMS": "off"}, "dndSettings.SMS must be an object"),
        ({"SMS": {}}, "dndSettings.SMS.status must be one of the following values: "
         "active, inactive, permanent"),
        ({"SMS": {"status": "active", "until": "x"}},
         "dndSettings.SMS.property until should not exist"),
        ({"SMS": {"status": "active", "code": 3}}, "dndSettings.SMS.code must be a string"),
    ],
)  # fmt: skip
def test_channels_are_as_strict_as_a_body(api: Any, told: Any, said: str) -> None:
    answer = api.create(email="a@example.org", dndSettings=told)
    assert (answer.status, answer.said) == (422, [said])


def test_inbound_dnd_knows_all_alone(api: Any) -> None:  # SPEC
    told = {"all": {"status": "active", "message": "no"}}
    id = api.new(email="a@example.org", inboundDndSettings=told)
    assert api.get(id).json["contact"]["inboundDndSettings"] == told
    assert api.update(id, inboundDndSettings={"sms": {"status": "active"}}).status == 422


def test_custom_fields_take_their_new_name_in_v3_and_keep_the_old_one(api: Any) -> None:  # SPEC
    api.version = "v3"
    for name in ("fieldValue", "field_value"):
        id = api.new(name=name, customFields=[{"id": "cfLevel", name: "B2"}])
        assert api.get(id).json["contact"]["customFields"] == [{"id": "cfLevel", "value": "B2"}]
