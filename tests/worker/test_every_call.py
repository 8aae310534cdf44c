"""Every operation of the catalogue, made by a worker against the stand-in, in both generations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from contacts.catalogue import BY_NAME, OPERATIONS, Operation, checking
from contacts.jobs import Lane
from contacts.settings import V3
from contacts.store import asked
from contacts.store.tables import grants
from ops.simulator.config import SCOPES
from ops.simulator.oauth_settings import App, OAuth

HERE = "loc1"
V2 = "2021-07-28"
DUE = "2027-01-15T10:00:00.000Z"
FIELD = "cfLevel0000000000001"
APP, AGENCY = App(), OAuth().company


@dataclass
class House:
    """A worker, and what there is in the CRM to be called about."""

    shop: Any
    version: str
    made: dict[str, str] = field(default_factory=dict)

    def call(self, name: str, /, **given: Any) -> tuple[Any, dict[str, Any]]:
        """Ask for a call and work it: how it stands, and the answer."""
        made, mistakes = checking.request(BY_NAME[name], given, location=HERE, version=self.version)
        assert mistakes == []
        store, cipher = self.shop.store, self.shop.bench.cipher
        with store.write() as tx:
            (id,) = asked.put(
                tx,
                HERE,
                name,
                asked.seal(cipher, [(None, made)]),
                lane=Lane.LIVE,
                now=self.shop.clock(),
            )
        self.shop.work()
        found = asked.outcome(store, id, cipher)
        assert found is not None
        return found, dict(found.answer or {})

    def ada(self) -> str:
        """A contact."""
        if "contact" not in self.made:
            given = {"email": "ada@example.org", "phone": "+12022000001"}
            self.made["contact"] = self.call("contact.create", **given)[1]["contact"]["id"]
        return self.made["contact"]

    def of_ada(self, **more: Any) -> dict[str, Any]:
        return {"contactId": self.ada(), **more}

    def note(self, **more: Any) -> dict[str, Any]:
        found = self.call("contact.note.create", **self.of_ada(body="Paid"))[1]
        return self.of_ada(id=found["note"]["id"], **more)

    def task(self, **more: Any) -> dict[str, Any]:
        new = {"title": "Call", "dueDate": DUE, "completed": False}
        found = self.call("contact.task.create", **self.of_ada(**new))[1]
        return self.of_ada(taskId=found["task"]["id"], **more)

    def tag(self, **more: Any) -> dict[str, Any]:
        return {"tagId": self.call("location.tag.create", name="Honours")[1]["tag"]["id"], **more}


ADA = {"email": "ada@example.org"}
NEWEST = '[{"field": "dateUpdated", "direction": "desc"}]'
GIVEN: dict[str, Callable[[House], dict[str, Any]]] = {
    "contact.create": lambda house: {**ADA, "dnd": "true", "tags": "a,b"},
    "contact.get": House.of_ada,
    "contact.update": lambda house: house.of_ada(city="Turin"),
    "contact.upsert": lambda house: {**ADA, "firstName": "Ada"},
    "contact.delete": House.of_ada,
    "contact.tags.add": lambda house: house.of_ada(tags="honours,alumni"),
    "contact.tags.remove": lambda house: house.of_ada(tags="honours"),
    "contact.followers.add": lambda house: house.of_ada(followers="user1"),
    "contact.followers.remove": lambda house: house.of_ada(followers="user1"),
    "contact.campaign.add": lambda house: house.of_ada(campaignId="camp1"),
    "contact.campaign.remove": lambda house: house.of_ada(campaignId="camp1"),
    "contact.campaigns.clear": House.of_ada,
    "contact.workflow.add": lambda house: house.of_ada(
        workflowId="wf1", eventStartTime="2027-01-15T10:00:00+01:00"
    ),
    "contact.workflow.remove": lambda house: house.of_ada(workflowId="wf1"),
    "contact.notes": House.of_ada,
    "contact.note.get": House.note,
    "contact.note.create": lambda house: house.of_ada(body="Paid", pinned="true"),
    "contact.note.update": lambda house: house.note(body="Paid twice"),
    "contact.note.delete": House.note,
    "contact.tasks": House.of_ada,
    "contact.task.get": House.task,
    "contact.task.create": lambda house: house.of_ada(title="Call", dueDate=DUE, completed="false"),
    "contact.task.update": lambda house: house.task(title="Write"),
    "contact.task.complete": lambda house: house.task(completed="true"),
    "contact.task.delete": House.task,
    "contact.appointments": House.of_ada,
    "contacts.list": lambda house: {"limit": "10"},
    "contacts.search": lambda house: {"pageLimit": "10", "sort": NEWEST},
    "contact.find": lambda house: ADA,
    "contacts.lookup": lambda house: ADA,
    "contacts.of_business": lambda house: {"businessId": "63771dcac1116f0e21de8e12"},
    "contacts.bulk.tags": lambda house: {"type": "add", "contacts": house.ada(), "tags": "honours"},
    "contacts.bulk.business": lambda house: {"ids": house.ada(), "businessId": "null"},
    "oauth.installed_locations": lambda house: {"companyId": AGENCY, "appId": APP.id},
    "location.get": lambda house: {},
    "location.tasks": lambda house: {"limit": "5", "completed": "false"},
    "location.custom_fields": lambda house: {"model": "contact"},
    "location.custom_field.get": lambda house: {"id": FIELD},
    "location.custom_field.create": lambda house: {"name": "Cohort", "dataType": "TEXT"},
    "location.custom_field.update": lambda house: {"id": FIELD, "name": "Level of course"},
    "location.custom_field.delete": lambda house: {"id": FIELD},
    "location.tags": lambda house: {},
    "location.tag.get": House.tag,
    "location.tag.create": lambda house: {"name": "Honours"},
    "location.tag.update": lambda house: house.tag(name="With honours"),
    "location.tag.delete": House.tag,
}  # fmt: skip
BY_NAME_ROWS = [one for one in OPERATIONS if one.by_name]


@pytest.fixture
def house(
    request: pytest.FixtureRequest, sqlite_store: Any, open_shop: Any, simulator: Any, clock: Any
) -> Iterator[House]:
    """A worker that speaks the version of the parameter ``version``, with tokens of OAuth: the
    location's, and its agency's."""
    version = request.getfixturevalue("version")
    both = {"client": APP.client_id, "scopes": [*SCOPES, "oauth.readonly"]}
    tokens = [
        {"token": "pit-secret", "kind": "oauth-location", "location": HERE, **both},
        {"token": "agency-secret", "kind": "oauth-company", **both},
    ]
    shop = open_shop(sqlite_store, simulator(clock=clock, tokens=tokens), crm_version=version)
    with sqlite_store.write() as tx:
        tx.execute(
            grants.insert().values(
                kind="company",
                owner=AGENCY,
                way="refresh",
                state="live",
                access=shop.bench.cipher.encrypt("agency-secret"),
                expires_at=clock() + 3600,
            )
        )
    return House(shop, version)


@pytest.mark.parametrize("version", [V2, V3])
@pytest.mark.parametrize("operation", BY_NAME_ROWS, ids=lambda one: one.name)
def test_every_operation_is_made_and_answers_as_its_row_says(
    operation: Operation, version: str, house: House
) -> None:
    if not operation.is_in(version):
        with pytest.raises(Exception, match="is not in version"):
            operation.path_in(version)
        return

    found, answer = house.call(operation.name, **GIVEN[operation.name](house))

    assert found.state == "done", found
    (status,) = [code for name, code in house.shop.calls() if name == operation.name][-1:]
    assert status in operation.codes
    assert set(operation.answer_in(version)) - OPTIONAL.get(operation.name, set()) <= set(answer)


OPTIONAL = {
    # what a list answers is not what the specification shows: `meta` stands there, no `count`
    "contacts.list": {"count"},
    "contacts.lookup": {"nextCursor"},
}


def test_every_operation_has_an_example_here() -> None:
    assert set(GIVEN) == {one.name for one in BY_NAME_ROWS}
