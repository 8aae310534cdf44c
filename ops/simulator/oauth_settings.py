"""What the OAuth server is told: the marketplace's apps, the agency, and how long things last."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt

from ops.simulator.strict import Strict

YEAR_S: Final = 365 * 86_400
"""A refresh token lives a year, or until it is used (official OAuth 2.0 guide)."""

APP_SCOPES: Final = (
    "contacts.readonly",
    "contacts.write",
    "locations.readonly",
    "locations/customFields.readonly",
    "locations/customFields.write",
    "locations/tags.readonly",
    "locations/tags.write",
    "locations/tasks.readonly",
    "oauth.readonly",
    "oauth.write",
)

Text = Annotated[str, Field(min_length=1, max_length=400)]


class App(Strict):
    """An app of the marketplace.

    Attributes:
        client_id: its id, a dash, eight characters (measured in August 2026); before the dash is
            the ``appId`` that webhooks show.
        client_secret: its secret.
        version_id: of its published version.
        scopes: the most that it may be given.
        redirects: where a code may be sent to; none is anywhere.
        draft: an app that is not published; the address of its page must name ``version_id`` too
            (measured).
    """

    client_id: Text = "66a0419a0dffa47fb5f8b22f-simulato"
    client_secret: Text = "5b2b7a3e-0000-4000-8000-5ec4e7000000"
    version_id: Text = "66a0419a0dffa47fb5f8b22f"
    scopes: tuple[str, ...] = APP_SCOPES
    redirects: tuple[str, ...] = ()
    draft: bool = False

    @property
    def id(self) -> str:
        """What webhooks and the list of locations call it."""
        return self.client_id.partition("-")[0]


class OAuth(Strict):
    """The OAuth server. All locations belong to one agency.

    Attributes:
        apps: who may ask for tokens.
        company, company_name: the agency.
        person: who installs, as ``userId`` says.
        page: what the authorise page does: redirect ``at-once``, playing the person, or show a
            ``choice`` of the locations as links.
        chooses: what the person picks where the page does it at once: a location's id, or
            ``agency``; None: the first location.
        access_s, location_access_s: life of an access token, and of one that an agency's token was
            exchanged for.
        refresh_s: life of a refresh token that nobody uses.
        grace_s: for so long, a refresh token that was used gives the same answer again.
        grace_gives: ``same`` is the same answer whole, ``new-access`` the same refresh token with
            another access token; the changelog promises the refresh token alone.
        code_s: life of a code; a guess.
        inactive: locations that are paused or not paid for.
        exchange_refresh: whether an exchanged token comes with a refresh token of its own: in the
            v3 specification and the guide's sample, not in the older specification.
        expired_says: what an access token that is over is told; not published.
        leeway_s: how late after its end an access token is still taken.
    """

    apps: tuple[App, ...] = (App(),)
    company: Text = "comp_simulator"
    company_name: str = "Simulated Agency"
    person: Text = "user_simulator"
    page: Literal["at-once", "choice"] = "at-once"
    chooses: str | None = None
    access_s: PositiveInt = 86_399
    location_access_s: PositiveInt = 86_400
    refresh_s: PositiveInt = YEAR_S
    grace_s: NonNegativeFloat = 30.0
    grace_gives: Literal["same", "new-access"] = "same"
    code_s: PositiveInt = 600
    inactive: tuple[str, ...] = ()
    exchange_refresh: bool = True
    expired_says: str = "Invalid token: access token is invalid"
    leeway_s: NonNegativeFloat = 0.0
