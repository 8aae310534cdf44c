"""What somebody hears who asks for what cannot be. It is not our client: that one asks no such
things."""

from __future__ import annotations

import httpx

from ops.conformance.place import ELSEWHERE, HERE, TOKEN
from ops.simulator.control import Control

NOBODY = "nobody00000000000001"


def refusals(control: Control, version: str) -> None:
    """Be refused for every reason that the stand-in knows."""
    with httpx.Client(base_url=control.url, trust_env=False) as client:
        client.headers = {"Version": version, "Authorization": f"Bearer {TOKEN}"}
        eve = {"locationId": HERE, "email": f"eve.{version}@example.org"}
        client.post("/contacts/", json=eve)
        client.post("/contacts/", json=eve)
        client.post("/contacts/", json={"email": "", "gender": 1})
        client.get(f"/contacts/{NOBODY}")
        nonsense = [{"field": "nonsense", "operator": "eq", "value": 1}]
        client.post(
            "/contacts/search", json={"locationId": HERE, "pageLimit": 1, "filters": nonsense}
        )
        for authorization in ("Bearer pit-nobody", "", f"Bearer {ELSEWHERE}"):
            client.post("/contacts/", json=eve, headers={"Authorization": authorization})
        control.fault("too-many", times=1)
        client.get(f"/contacts/{NOBODY}")
