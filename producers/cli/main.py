"""``rollbook``: the command line. Each command imports what it needs when it is run, so that
``--help`` is quick.

Exit codes: 0 done; 1 the database is away, or a process is not alive; 2 a mistake of the person's,
said in one line; 3 done, but something was parked, or a person is asked first; 4 stopped, for it
would not have been what was planned; 130 Ctrl-C.
"""

from __future__ import annotations

import functools
import os
import sys
from typing import Annotated, Any

import typer
import typer.main

from contacts.errors import UsageError
from producers.cli import (
    access_log,
    apply,
    backfill,
    call,
    catalog,
    conformance,
    connect,
    course_platform,
    doctor,
    dropped,
    explain,
    fields,
    files,
    forget,
    keys,
    limits,
    locations,
    papers,
    parked,
    pausing,
    plan,
    processes,
    reconcile,
    rules,
    run_report,
    runs,
    scopes,
    settings,
    status,
    webhooks,
    wishes,
)

app = typer.Typer(
    name="rollbook",
    help="Keeps the contacts of a course platform and the GoHighLevel CRM in step.",
    epilog="Begin with `rollbook init FILE`, then `rollbook up`, then `rollbook backfill FILE`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for part in (
    files,
    plan,
    apply,
    backfill,
    status,
    doctor,
    parked,
    dropped,
    runs,
    reconcile,
    run_report,
    explain,
    forget,
    wishes,
    papers,
    call,
    catalog,
    fields,
    rules,
    webhooks,
    course_platform,
    connect,
    locations,
    limits,
    pausing,
    keys,
    scopes,
    access_log,
    conformance,
    settings,
    processes,
):
    part.add(app)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"rollbook {version('rollbook')}")
        raise typer.Exit


@app.callback()
def _front(
    _: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=_version
        ),
    ] = False,
) -> None: ...


@functools.cache
def commands() -> Any:
    """Every command, as Typer makes them of functions: once in a process, for it takes 45 ms."""
    return typer.main.get_command(app)


def main() -> int:
    """The entry point of the ``rollbook`` command.

    Returns:
        the exit code.
    """
    try:
        commands()(prog_name="rollbook")
    except UsageError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # `rollbook parked | head`: nobody reads any more. Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error), 2)
    except Exception as error:
        from contacts.store.database import DatabaseDown

        if isinstance(error, DatabaseDown):
            return _fail(f"the database does not answer ({error}); nothing is lost", 1)
        raise
    return 0


def _fail(text: str, code: int) -> int:
    for line in text.splitlines():
        typer.secho(f"rollbook: {line}", err=True, fg=typer.colors.RED)
    return code


if __name__ == "__main__":
    sys.exit(main())
