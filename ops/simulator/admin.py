"""The side that is not part of the API: ask, seed, switch, break. No token and no limit."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

import orjson
from pydantic import BaseModel, Field, NonNegativeInt, PositiveInt, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ops.simulator import config, coursehost, oauth_admin, openapi, report, seeding
from ops.simulator.config import BadConfig, Name
from ops.simulator.faults import Fault
from ops.simulator.standin import StandIn
from ops.simulator.strict import Strict

PREFIX: Final = "/_simulator"

Model = TypeVar("Model", bound=BaseModel)


class Where(Strict):
    """Of one location, or of all."""

    location: str | None = None


class Arrivals(Where):
    """Arrivals from a number on."""

    after: NonNegativeInt = 0
    limit: Annotated[int, Field(ge=1, le=100_000)] = 10_000


class Contacts(Strict):
    """Contacts of a location."""

    location: Name
    deleted: bool = False


class Removal(Strict):
    """Contacts that a person deletes in the CRM: those ids, or everybody."""

    location: Name
    ids: tuple[str, ...] | None = None


class Reset(Strict):
    """What is forgotten: log and counts always."""

    contacts: bool = True
    faults: bool = True


class Strangers(Strict):
    """So many calls of somebody else with the same token, at once."""

    location: Name
    calls: PositiveInt
    client: str | None = None


class Generation(Strict):
    """Of which version a document is wanted, and whether it names ids that are there."""

    version: Literal["2021-04-15", "2021-07-28", "2023-02-21", "v3"] = "2021-07-28"
    known: bool = False


class Resending(Strict):
    """A webhook of the log that somebody sends once more."""

    webhook: Name


class Number(Strict):
    """One fault, or all."""

    number: PositiveInt | None = None


def _json(found: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(found), status, media_type="application/json")


def _query(model: type[Model], request: Request) -> Model:
    return model.model_validate(dict(request.query_params))


async def _body(model: type[Model], request: Request) -> Model:
    return model.model_validate_json(await request.body() or b"{}")


def _object(raw: bytes) -> dict[str, Any]:
    found = orjson.loads(raw or b"{}")
    if not isinstance(found, dict):
        raise BadConfig("webhook: must be an object")
    return found


class Admin:
    """The functions behind the paths."""

    def __init__(self, standin: StandIn) -> None:
        self._standin = standin

    async def report(self, request: Request) -> Response:
        location = _query(Where, request).location
        self._standin.catch_up()
        return _json(report.report(self._standin.lines(), self._standin.world, location))

    async def arrivals(self, request: Request) -> Response:
        asked = _query(Arrivals, request)
        rows = self._standin.log.rows(asked.after, asked.limit, asked.location)
        return _json({"arrivals": list(rows)})

    async def contacts(self, request: Request) -> Response:
        asked = _query(Contacts, request)
        self._standin.catch_up()
        return _json(seeding.dump(self._standin.world, asked.location, deleted=asked.deleted))

    async def seed(self, request: Request) -> Response:
        return _json(seeding.seed(self._standin.world, await _body(seeding.Seeds, request)), 201)

    async def delete(self, request: Request) -> Response:
        asked = await _body(Removal, request)
        return _json({"deleted": seeding.delete(self._standin.world, asked.location, asked.ids)})

    async def merge(self, request: Request) -> Response:
        seeding.merge(self._standin.world, await _body(seeding.Merge, request))
        return _json({})

    async def restore(self, request: Request) -> Response:
        seeding.restore(self._standin.world, await _body(seeding.Restoring, request))
        return _json({})

    async def webhooks(self, _: Request) -> Response:
        postman = self._standin.postman
        found = {"public_key": postman.seals.public_key, "counts": postman.report()}
        if self._standin.world.config.webhooks.signature in ("rsa", "both"):
            found["legacy_public_key"] = postman.seals.legacy_public_key
        return _json({**found, "breaker": postman.breaker.state})

    async def plain(self, request: Request) -> Response:
        self._standin.postman.send([_object(await request.body())], plain=True)
        return _json({}, 202)

    async def resend(self, request: Request) -> Response:
        self._standin.postman.resend((await _body(Resending, request)).webhook)
        return _json({}, 202)

    async def enable(self, _: Request) -> Response:
        self._standin.postman.breaker.enable()
        return _json({"breaker": self._standin.postman.breaker.state})

    async def send(self, request: Request) -> Response:
        self._standin.postman.send([_object(await request.body())])
        return _json({}, 202)

    async def openapi(self, request: Request) -> Response:
        asked = _query(Generation, request)
        world = self._standin.world if asked.known else None
        return _json(openapi.document(asked.version, world))

    async def faults(self, _: Request) -> Response:
        return _json({"faults": self._standin.faults.listed()})

    async def add_fault(self, request: Request) -> Response:
        fault = await _body(Fault, request)
        return _json({"number": self._standin.faults.add(fault)}, 201)

    async def clear_faults(self, request: Request) -> Response:
        self._standin.faults.clear(_query(Number, request).number)
        return _json({"faults": self._standin.faults.listed()})

    async def settings(self, _: Request) -> Response:
        return _json(self._standin.world.config.model_dump())

    async def change(self, request: Request) -> Response:
        patch = orjson.loads(await request.body() or b"{}")
        if not isinstance(patch, dict):
            raise BadConfig("config: must be an object")
        self._standin.told(config.changed(self._standin.world.config, patch))
        return _json(self._standin.world.config.model_dump())

    async def strangers(self, request: Request) -> Response:
        asked = await _body(Strangers, request)
        now = self._standin.world.clock()
        lines = self._standin.lines(asked.location)
        if asked.client is not None:
            lines = [self._standin.line(asked.client, asked.location)]
        return _json({"accepted": [one.bucket.strangers(asked.calls, now) for one in lines]})

    async def coursehost(self, _: Request) -> Response:
        return _json(self._standin.school.report())

    async def happens(self, request: Request) -> Response:
        deed = await _body(coursehost.Deed, request)
        return _json({"sent": self._standin.school.happens(deed)}, 202)

    async def reset(self, request: Request) -> Response:
        asked = await _body(Reset, request)
        if asked.faults:
            self._standin.faults.clear()
        self._standin.forget(contacts=asked.contacts)
        return _json({})


async def _refuse(_: Request, error: Exception) -> Response:
    text = config.one_line(error) if isinstance(error, ValidationError) else str(error)
    return _json({"error": text}, 400)


def admin(standin: StandIn) -> Starlette:
    """The application of this side."""
    side = Admin(standin)
    table = (
        ("GET", "report", side.report),
        ("GET", "arrivals", side.arrivals),
        ("GET", "contacts", side.contacts),
        ("POST", "contacts", side.seed),
        ("DELETE", "contacts", side.delete),
        ("POST", "merge", side.merge),
        ("POST", "restore", side.restore),
        ("GET", "webhooks", side.webhooks),
        ("POST", "webhooks", side.send),
        ("POST", "webhooks/plain", side.plain),
        ("POST", "webhooks/resend", side.resend),
        ("POST", "webhooks/enable", side.enable),
        ("GET", "openapi.json", side.openapi),
        ("GET", "faults", side.faults),
        ("POST", "faults", side.add_fault),
        ("DELETE", "faults", side.clear_faults),
        ("GET", "settings", side.settings),
        ("POST", "settings", side.change),
        ("POST", "strangers", side.strangers),
        ("GET", "coursehost", side.coursehost),
        ("POST", "coursehost", side.happens),
        ("POST", "reset", side.reset),
        *oauth_admin.table(standin),
    )
    return Starlette(
        routes=[Route(f"{PREFIX}/{name}", deed, methods=[method]) for method, name, deed in table],
        exception_handlers={
            ValidationError: _refuse, BadConfig: _refuse, orjson.JSONDecodeError: _refuse,
        },
    )  # fmt: skip
