"""The stand-in's own OpenAPI document: of its routes and bodies, and true of its answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from ops.simulator import answers, openapi, routes


@pytest.mark.parametrize("version", ["2021-07-28", "v3"])
def test_it_is_a_valid_document(version: str) -> None:
    validate(openapi.document(version))


def test_every_route_has_its_answer() -> None:
    assert set(answers.ANSWERS) == set(routes.OPERATIONS)


def test_it_is_served_for_each_version(simulator: Any) -> None:
    one = simulator()
    older = httpx.get(f"{one.url}/_simulator/openapi.json").json()
    newer = httpx.get(f"{one.url}/_simulator/openapi.json?version=v3").json()
    assert "/contacts/lookup" not in older["paths"]
    assert "/contacts/lookup" in newer["paths"]
    assert "get" not in newer["paths"]["/contacts/"]
    assert httpx.get(f"{one.url}/_simulator/openapi.json?version=v4").status_code == 400


def test_channels_are_spelled_as_in_their_generation() -> None:
    def channels(version: str) -> set[str]:
        post = openapi.document(version)["paths"]["/contacts/"]["post"]
        body = post["requestBody"]["content"]["application/json"]["schema"]
        return set(body["properties"]["dndSettings"]["properties"])

    assert {"SMS", "WhatsApp"} < channels("2021-07-28")
    assert {"sms", "whatsApp"} < channels("v3")


def test_a_body_is_as_strict_as_the_server() -> None:
    post = openapi.document("2021-07-28")["paths"]["/contacts/"]["post"]
    body = post["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["locationId"]
    assert body["additionalProperties"] is False
    assert body["properties"]["companyName"] == {"type": "string", "nullable": True}


def test_it_can_name_ids_that_are_there(api: Any) -> None:
    id = api.new(name="Ada")
    document = openapi.document("v3", api.standin.world)
    validate(document)
    version, contact = document["paths"]["/contacts/{id}"]["get"]["parameters"]
    assert version["schema"]["enum"] == ["v3"]
    assert contact["schema"]["enum"] == [id]
