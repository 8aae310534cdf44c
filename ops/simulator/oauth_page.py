"""The authorise page: where a person picks who the app is for. By switch it picks by itself."""

from __future__ import annotations

from html import escape
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from ops.simulator import oauth_people
from ops.simulator.oauth_settings import App
from ops.simulator.standin import HTML, Reply, StandIn

PATHS: Final = ("/oauth/chooselocation", "/v2/oauth/chooselocation")
"""The real page is on another host, marketplace.gohighlevel.com."""

AGENCY: Final = "agency"
PICK: Final = "pick"
"""Our own parameter: what the person clicked on."""


class Wrong(Exception):
    """A page that cannot be shown; the word is what the address bar would tell."""


def page(standin: StandIn, query: str) -> Reply:
    """A redirect with ``code`` and ``state``, the choice as a page, or a page that says why not."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    told = standin.world.config.oauth
    try:
        app, scopes = _asked(standin, given)
        pick = given.get(PICK) or (None if told.page == "choice" else _usual(standin))
        if pick is None:
            return _choice(standin, query)
        if pick != AGENCY and pick not in standin.world.locations:
            raise Wrong("error.nolocation")
    except Wrong as error:
        return _html(400, f"<h1>{escape(str(error))}</h1>")
    redirect = given["redirect_uri"]
    code = oauth_people.installs(
        standin, app, None if pick == AGENCY else pick, scopes=scopes, redirect=redirect
    )
    more = {"code": code} | ({"state": given["state"]} if "state" in given else {})
    joint = "&" if urlsplit(redirect).query else "?"
    target = f"{redirect}{joint}{urlencode(more)}"
    return Reply(302, [(b"location", target.encode("latin-1", "replace"))], b"")


def _asked(standin: StandIn, given: dict[str, str]) -> tuple[App, tuple[str, ...]]:
    """The app and the scopes that it wants.

    Raises:
        Wrong: with ``error.noversionid`` as measured; the other words are guesses.
    """
    app = standin.world.grants.app(given.get("client_id", ""))
    if app is None:
        raise Wrong("error.noappfound")
    if app.draft and given.get("version_id") != app.version_id:
        raise Wrong("error.noversionid")
    if given.get("response_type") != "code":
        raise Wrong("error.responsetype")
    redirect = given.get("redirect_uri", "")
    fine = redirect in app.redirects if app.redirects else _web(redirect)
    if not fine:
        raise Wrong("error.redirecturi")
    scopes = tuple(given.get("scope", "").split())
    if not set(scopes) <= set(app.scopes):
        raise Wrong("error.invalidscope")
    return app, scopes


def _web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return address.isascii() and address.isprintable() and parts.scheme in ("http", "https")


def _usual(standin: StandIn) -> str | None:
    """What the person picks where nobody clicks: the switch, or the first location."""
    return standin.world.config.oauth.chooses or next(iter(standin.world.locations), AGENCY)


def _choice(standin: StandIn, query: str) -> Reply:
    places = {one.id: one.name for one in standin.world.locations.values()}
    places[AGENCY] = standin.world.config.oauth.company_name
    links = "".join(
        f'<li><a href="?{escape(query)}&amp;{PICK}={escape(id)}">{escape(name)}</a></li>'
        for id, name in places.items()
    )
    return _html(200, f"<h1>Who is it for?</h1><ul>{links}</ul>")


def _html(status: int, inside: str) -> Reply:
    text = f"<!DOCTYPE html><html><body>{inside}</body></html>"
    return Reply(status, [HTML], text.encode("utf-8", "replace"))
