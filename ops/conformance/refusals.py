"""What somebody hears who asks for what cannot be. It is not our client: that one asks no such
things."""

from __future__ import annotations

import httpx

from contacts.settings import V3
from ops.conformance.place import ELSEWHERE, HERE, TOKEN
from ops.simulator.control import Control

NOBODY = "nobody00000000000001"


def refusals(control: Control, version: str, oauth: str) -> None:
    """Be refused for every kind of reason.

    Args:
        oauth: an access token of the location, of an app.
    """
    with httpx.Client(base_url=control.url, trust_env=False) as client:
        client.headers = {"Version": version, "Authorization": f"Bearer {TOKEN}"}
        eve = {"locationId": HERE, "email": f"eve.{version}@example.org"}
        client.post("/contacts/", json=eve)
        client.post("/contacts/", json=eve)
        client.post("/contacts/", json={"email": "", "gender": 1})
        [bob] = control.seed(HERE, {"values": {"firstName": "Bob", "email": "bob@example.org"}})
        client.put(f"/contacts/{bob}", json={"email": eve["email"]})
        client.get(f"/contacts/{NOBODY}")
        client.post("/contacts/", content=b"{", headers={"Content-Type": "application/json"})
        client.post("/contacts/search", json={})
        nonsense = [{"field": "nonsense", "operator": "eq", "value": 1}]
        client.post(
            "/contacts/search", json={"locationId": HERE, "pageLimit": 1, "filters": nonsense}
        )
        for authorization in ("Bearer pit-nobody", "", f"Bearer {ELSEWHERE}"):
            client.post("/contacts/", json=eve, headers={"Authorization": authorization})
        if version == V3:
            _lookups(client, oauth)
        control.fault("too-many", times=1)
        client.get(f"/contacts/{NOBODY}")


def _lookups(client: httpx.Client, oauth: str) -> None:
    one = {"locationId": HERE, "email": "eve@example.org"}
    client.get("/contacts/lookup", params=one)
    headers = {"Authorization": f"Bearer {oauth}"}
    for wrong in ({"phone": "+12025550143"}, {"cursor": "nonsense"}):
        client.get("/contacts/lookup", params={**one, **wrong}, headers=headers)
