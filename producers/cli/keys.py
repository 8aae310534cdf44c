"""``rollbook keys``: with which keys the tokens in the database are encrypted, and a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import screen

if TYPE_CHECKING:
    from collections import Counter

    from contacts.store.cipher import Cipher
    from producers.cli.door import Door


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    group = typer.Typer(help="Show the keys of the tokens, or change them.", rich_markup_mode=None)
    group.callback(invoke_without_command=True)(keys)
    group.command("rotate")(rotate)
    group.command("drop")(drop)
    app.add_typer(group, name="keys")


def keys(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="A JSON object, for machines.")] = False,
) -> None:
    """Show how many values in the database are encrypted with which key; the keys themselves are
    not shown."""
    if context.invoked_subcommand is not None:
        return
    from contacts.store import keyring
    from producers.cli.door import opened

    with opened() as door:
        cipher = door.cipher
        tally = keyring.tally(door.store, cipher)
    if json:
        screen.emit({"from": _source(door), "keys": len(cipher.keys), **_counts(tally, cipher)})
    else:
        _show(door, cipher, tally)
    if tally[keyring.UNKNOWN]:
        raise typer.Exit(3)


def rotate() -> None:
    """Encrypt everything with a new key.

    Keys in HOME/secret.key: a new one is made and put first. ROLLBOOK_SECRET_KEY: set the new key
    there, move the old one to ROLLBOOK_OLD_SECRET_KEYS, restart, then run this. It may be stopped
    and begun again; workers go on meanwhile.
    """
    from cryptography.fernet import Fernet

    from contacts.store import keyring
    from contacts.store.cipher import Cipher, key_file, write_keys
    from producers.cli.door import opened

    with opened() as door:
        cipher = keyring.keep_root(door.store, door.cipher)
        tally = keyring.tally(door.store, cipher)
        _refuse_unknown(tally)
        behind = sum(tally.values()) - tally[0]
        if not behind and door.settings.secret_key:
            raise UsageError(
                "everything is encrypted with ROLLBOOK_SECRET_KEY already. For a new key: move it "
                "to ROLLBOOK_OLD_SECRET_KEYS, set a new one (`rollbook keys rotate --help`), "
                "restart, and run this again"
            )
        if not behind:
            write_keys(key_file(door.settings), [Fernet.generate_key(), *cipher.keys])
            cipher = Cipher.from_settings(door.settings)
        done = keyring.reseal(door.store, cipher)
        screen.say(
            f"{_values(done)} encrypted anew{', an unfinished rotation' if behind else ''}. "
            "The old key still reads; `rollbook keys drop` forgets it."
        )


def drop() -> None:
    """Forget the keys with which nothing is encrypted any more."""
    from contacts.store import keyring
    from contacts.store.cipher import key_file, write_keys
    from producers.cli.door import opened

    with opened() as door:
        cipher = keyring.keep_root(door.store, door.cipher)
        tally = keyring.tally(door.store, cipher)
        _refuse_unknown(tally)
        if sum(tally.values()) != tally[0]:
            raise UsageError("something is still encrypted with an old key: `rollbook keys rotate`")
        if len(cipher.keys) == 1:
            screen.say("There is one key only.")
        elif door.settings.secret_key:
            screen.say("Nothing needs ROLLBOOK_OLD_SECRET_KEYS any more: take it away and restart.")
        else:
            write_keys(key_file(door.settings), cipher.keys[:1])
            screen.say(f"{len(cipher.keys) - 1} old key(s) forgotten.")


def _refuse_unknown(tally: Counter[int]) -> None:
    from contacts.store.keyring import UNKNOWN

    if tally[UNKNOWN]:
        raise UsageError(
            f"{_values(tally[UNKNOWN])} encrypted with a key that is not known: add it to "
            "ROLLBOOK_OLD_SECRET_KEYS (or as another line to HOME/secret.key), or set those tokens "
            "again. Nothing was changed"
        )


def _show(door: Door, cipher: Cipher, tally: Counter[int]) -> None:
    from contacts.store.keyring import UNKNOWN

    screen.say(f"The keys come from {_source(door)}.")
    rows = [
        (str(tally[place]), "with the present key" if place == 0 else f"with old key {place}")
        for place in range(len(cipher.keys))
    ]
    if tally[UNKNOWN]:
        rows.append((str(tally[UNKNOWN]), "with a key that is not known"))
    screen.show(screen.figures(rows))


def _counts(tally: Counter[int], cipher: Cipher) -> dict[str, int]:
    from contacts.store.keyring import UNKNOWN

    old = sum(tally[place] for place in range(1, len(cipher.keys)))
    return {"present": tally[0], "old": old, "unknown": tally[UNKNOWN]}


def _source(door: Door) -> str:
    from contacts.store.cipher import key_file

    return "ROLLBOOK_SECRET_KEY" if door.settings.secret_key else str(key_file(door.settings))


def _values(count: int) -> str:
    return "1 value is" if count == 1 else f"{count} values are"
