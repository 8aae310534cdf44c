"""What most commands begin with: settings, an open database, a location."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from contacts.errors import UsageError

if TYPE_CHECKING:
    from contacts.settings import Settings
    from contacts.store.accounts import CustomField, Location
    from contacts.store.cipher import Cipher
    from contacts.store.database import Store


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a location without asking the CRM.

    Attributes:
        location: its id; "" when none is meant yet.
        country: of phones written without one, ISO 3166 alpha-2.
        custom: its custom fields; None: never read.
    """

    location: str
    country: str
    custom: Sequence[CustomField] | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """An open database, and the settings it was opened with."""

    settings: Settings
    store: Store

    @property
    def cipher(self) -> Cipher:
        """What encrypts tokens; makes the key at first use."""
        from contacts.store.cipher import Cipher

        return Cipher.from_settings(self.settings)

    def location(self, id: str | None) -> Location:
        """The location that is meant: the one named, else ROLLBOOK_CRM_LOCATION, else the only one.

        The quick start's location and token are made known on the way.

        Raises:
            UsageError: none is named and there is not exactly one, or it is not known.
        """
        from contacts.store import accounts

        settings = self.settings
        id = id or settings.crm_location
        if id is None:
            return only(self.store)
        if id == settings.crm_location:
            token = settings.crm_token.get_secret_value() if settings.crm_token else None
            with self.store.write() as tx:
                accounts.ensure_location(tx, id, token=token, cipher=self.cipher)
        return accounts.location(self.store, id)

    def known(self, location: Location) -> Known:
        """What is known of a location."""
        from contacts.store import accounts

        custom = None
        if accounts.fields_known(self.store, location.id):
            custom = accounts.custom_fields(self.store, location.id)
        return Known(location.id, location.country or self.settings.country, custom)

    def ring(self) -> None:
        """Wake the dispatcher, if there is a Redis."""
        from producers.bell import Bell

        bell = Bell(self.settings.redis)
        bell.ring()
        bell.close()


def only(store: Store) -> Location:
    """The only location.

    Raises:
        UsageError: there is none, or more than one.
    """
    from contacts.store import accounts

    known = accounts.locations(store)
    if len(known) == 1:
        return known[0]
    names = ", ".join(one.id for one in known)
    if names:
        raise UsageError(f"which location? Name it with --location: {names}")
    raise UsageError(
        "no location is known: set ROLLBOOK_CRM_LOCATION and ROLLBOOK_CRM_TOKEN, or "
        "add one with `rollbook locations add ID`"
    )


@contextmanager
def opened() -> Iterator[Door]:
    """Settings and database, closed at the end.

    The embedded SQLite database is made at first use; any other one is left to `rollbook migrate`.

    Raises:
        UsageError: a setting is wrong, or the database is behind.
        DatabaseDown: no answer.
    """
    from contacts.settings import load
    from contacts.store import forgotten
    from contacts.store.database import check_schema, migrate, open_store

    settings = load()
    if is_new_sqlite(settings.database):
        migrate(settings.database)
    store = open_store(settings.database, pool_size=2)
    try:
        check_schema(store)
        forgotten.use(store, settings)
        yield Door(settings, store)
    finally:
        store.close()


def known_offline(location: str | None) -> Known:
    """What is known of a location; nothing is written, and a database that is away is no matter.

    Args:
        location: None: the one in the settings, else the only one.
    """
    from contacts.settings import load
    from contacts.store import accounts
    from contacts.store.database import DatabaseDown, check_schema, open_store

    settings = load()
    wanted = location or settings.crm_location
    nothing = Known(wanted or "", settings.country)
    if is_new_sqlite(settings.database):
        return nothing
    store = open_store(settings.database, pool_size=1)
    try:
        check_schema(store)
        found = [one for one in accounts.locations(store) if wanted in (None, one.id)]
        return Door(settings, store).known(found[0]) if len(found) == 1 else nothing
    except (DatabaseDown, UsageError):
        return nothing
    finally:
        store.close()


def is_new_sqlite(url: str) -> bool:
    """Whether an address is that of an SQLite file that is not there yet."""
    parts = urlsplit(url)
    return parts.scheme.startswith("sqlite") and not Path(parts.path[1:]).exists()
