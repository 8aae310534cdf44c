"""What people do with an app in the marketplace: install it and take it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.simulator.oauth_settings import App

if TYPE_CHECKING:
    from ops.simulator.standin import StandIn


def installs(
    standin: StandIn,
    app: App,
    location: str | None,
    *,
    locations: tuple[str, ...] | None = None,
    scopes: tuple[str, ...] = (),
    future: bool = False,
    webhook: bool = True,
    redirect: str | None = None,
) -> str:
    """Somebody installs an app at a location, or (None) at the agency and so at its locations.

    Args:
        locations: which of the agency's; None: all of them.
        redirect: where the code is sent to.

    Returns:
        a code.
    """
    grants = standin.world.grants
    made = grants.install(app, location, scopes=scopes, future=future)
    told: list[dict[str, Any]] = [_install(standin, app, location)]
    if location is None:
        for one in standin.world.locations if locations is None else locations:
            grants.install(app, one, scopes=scopes)
            told.append(_install(standin, app, one))
    if webhook:
        _tell(standin, told)
    return grants.new_code(made, redirect)[0]


def uninstalls(standin: StandIn, app: App, location: str | None, *, webhook: bool = True) -> bool:
    """Somebody takes it away; from the agency means from every location too."""
    there = standin.world.grants.uninstall(app, location)
    company = standin.world.config.oauth.company
    whose = {"companyId": company} if location is None else {"locationId": location}
    if webhook and there:
        _tell(standin, [{"type": "UNINSTALL", "appId": app.id, **whose}])
    return there


def _install(standin: StandIn, app: App, location: str | None) -> dict[str, Any]:
    """The event as it was captured in August 2026."""
    told = standin.world.config.oauth
    return {
        "type": "INSTALL",
        "appId": app.id,
        "versionId": app.version_id,
        "installType": "Location" if location else "Company",
        **({"locationId": location} if location else {}),
        "companyId": told.company,
        "userId": told.person,
        "companyName": told.company_name,
        "isWhitelabelCompany": False,
        "whitelabelDetails": {"logoUrl": "", "domain": ""},
        "trial": {},
    }


def _tell(standin: StandIn, payloads: list[dict[str, Any]]) -> None:
    if standin.world.config.webhooks.url is not None:
        standin.postman.send(payloads)
