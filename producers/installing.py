"""The address that asks a person where the app is installed, and what an install has led to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from contacts.errors import UsageError
from contacts.settings import Settings, require
from contacts.store import consents, grants
from contacts.store.consents import Consent
from contacts.store.database import Store
from contacts.store.grants import Grant, Of, State
from producers.oauth_door import CALLBACK


def address(settings: Settings, state: str, *, scopes: str | None = None) -> str:
    """The CRM's page, with everything that it has to bring back.

    ``state`` is always there; PKCE is not in the CRM's specification, so it is not. Scopes are
    separated by spaces; a private or draft app needs its version too (measured by integrators).

    Raises:
        UsageError: a setting is missing.
    """
    require(settings, "oauth_client_id", "oauth_client_secret", "oauth_redirect_url")
    redirect = settings.oauth_redirect_url or ""
    if not urlsplit(redirect).path.endswith(CALLBACK):
        raise UsageError(
            f"ROLLBOOK_OAUTH_REDIRECT_URL must end in {CALLBACK}: that is the receiver's door"
        )
    query = {
        "response_type": "code",
        "client_id": settings.oauth_client_id,
        "redirect_uri": redirect,
        "scope": scopes or settings.oauth_scopes,
        "state": state,
    }
    if settings.oauth_version_id:
        query["version_id"] = settings.oauth_version_id
    page = settings.oauth_authorize_url
    return f"{page}{'&' if urlsplit(page).query else '?'}{urlencode(query, quote_via=quote)}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an install is.

    Attributes:
        grant: what it led to; None: nothing yet.
        locations: of an agency; of a location's install that one alone.
    """

    consent: Consent
    grant: Grant | None
    locations: Sequence[Grant]

    @property
    def settled(self) -> bool:
        """Whether nothing more comes without a person: all is there, or something says why not."""
        if self.consent.settled_at is None:
            return False
        if self.grant is None or self.grant.kind == Of.LOCATION:
            return True
        read = self.grant.walked_at is not None or self.grant.reason is not None
        return read and all(one.state != State.NEW or one.reason for one in self.locations)


def standing(store: Store, id: int) -> Standing:
    """How far the install of a link is."""
    consent = consents.look(store, id)
    if consent is None:
        raise UsageError("the link is not in the database any more: `rollbook connect` again")
    if consent.grant_id is None:
        return Standing(consent, None, ())
    with store.read() as tx:
        grant = grants.by_id(tx, consent.grant_id)
    if grant is None or grant.kind == Of.LOCATION:
        return Standing(consent, grant, () if grant is None else (grant,))
    return Standing(consent, grant, grants.known(store, company=grant.owner))
