"""The main job, for real, on this machine alone: ``python -m ops.demo`` (``make demo``).

A made-up export of 300 students goes through mapping, ledger, dispatcher, Redis, Celery workers and
the limiter into a stand-in of the CRM, by the very commands that a person types. Then people change
things on both sides, and they meet. A judge that knows nothing of our code looks into the CRM: is
everybody there, once, with the right fields and tags, and was the CRM never asked too fast?

With ROLLBOOK_REDIS_URL, ROLLBOOK_DATABASE_URL or ROLLBOOK_CRM_URL set, those servers are used.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from contacts.settings import Settings
from contacts.store.database import open_store
from ops import both_sides, judge, students
from ops.simulator import control
from ops.simulator.control import Control

HOME = Path(".demo")
STUDENTS = 300
READY_S = 60.0
"""How long `rollbook up` may take until a worker lives; 4 s on two cores."""

STOP_S = 40.0
"""How long a graceful stop may take: running calls finish first."""

console = Console(highlight=False)


def main() -> int:
    """Run the demonstration; exit code 1 when the judge finds fault."""
    options = _options()
    # Whoever ends the demonstration ends what it started: SystemExit goes through every `finally`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        env, crm = stack.enter_context(_environment())
        file = HOME / "students.csv"
        rows = students.write_export(file, options.students, blemishes=True)
        console.rule("Rollbook: a student export reaches the CRM")
        console.print(
            f"{rows} rows of {options.students} students in {file}; some are broken on purpose.\n"
        )
        _run(env, "init", str(file), "--out", str(HOME / "rollbook.toml"))
        _complete(HOME / "rollbook.toml")
        stack.enter_context(_up(env, crm))
        backfill = ("backfill", str(file), "--map", str(HOME / "rollbook.toml"))
        _run(env, *backfill)
        first = judge.look(crm.url, env["ROLLBOOK_CRM_LOCATION"]) if crm else None
        console.print("\nThe same file again: everything is agreed, so it must cost no call.")
        _run(env, *backfill)
        _run(env, "status")
        verdict = True
        if crm and first:
            people = students.read_export(file)
            findings = judge.judge(crm.url, env["ROLLBOOK_CRM_LOCATION"], people, before=first)
            verdict = _report("What the CRM says", findings)
            verdict &= _report("What both sides say", _both_sides(env, crm, file, backfill))
            _conclude(verdict, time.monotonic() - began)
        _flower(env)
        if options.keep:
            console.print("Everything keeps running. Ctrl-C ends it.")
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    return 0 if verdict else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.demo", description=__doc__)
    parser.add_argument("--students", type=int, default=STUDENTS, help="how many (300)")
    parser.add_argument(
        "--keep", action="store_true", help="leave everything running at the end, to look at Flower"
    )
    return parser.parse_args()


@contextlib.contextmanager
def _environment() -> Iterator[tuple[dict[str, str], Control | None]]:
    """The environment of every command, and the CRM's stand-in if there is one."""
    env = dict(os.environ) | {"ROLLBOOK_HOME": str(HOME.absolute())}
    env.setdefault("ROLLBOOK_FLOWER_PORT", "0")
    env.setdefault("ROLLBOOK_RECEIVER_PORT", "0")
    if env.get("ROLLBOOK_CRM_URL"):
        yield env, None
        return
    # A location of its own for each demonstration: a database that is kept knows the last one's.
    location = f"loc_demo_{secrets.token_hex(6)}"
    token = f"pit-demo-{secrets.token_hex(12)}"
    world = {
        "locations": [judge.location(location)],
        "tokens": [judge.token(token, location)],
        "latency": {"kind": "lognormal", "median_ms": 120, "p99_ms": 900},
    }
    with control.in_process(world, HOME) as crm:
        env |= {
            "ROLLBOOK_CRM_URL": crm.url,
            "ROLLBOOK_CRM_LOCATION": location,
            "ROLLBOOK_CRM_TOKEN": token,
            "ROLLBOOK_WEBHOOK_KEY": crm.webhooks()["public_key"],
        }
        yield env, crm


@contextlib.contextmanager
def _up(env: dict[str, str], crm: Control | None) -> Iterator[None]:
    """`rollbook up` in the background until the end, its lines in a log file."""
    console.print(f"\n[bold]$ rollbook up[/]   (its lines go to {HOME / 'up.log'})")
    with (HOME / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "producers.cli.main", "up"],
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_for(HOME / "up.json", process, HOME / "up.log")
        _wait_for_worker(env, process)
        if crm:
            _tell_by_webhook(crm)
        _flower(env)
        yield
    finally:
        code = _stop(process)
        console.print(f"rollbook up has ended with exit code {code}.")


def _tell_by_webhook(crm: Control) -> None:
    """The stand-in learns where the receiver listens, as a person enters it in the CRM's page."""
    receiver = json.loads((HOME / "up.json").read_text())["receiver"]
    crm.settings(webhooks={"url": f"{receiver}webhooks/crm", "low_ms": 100, "high_ms": 1500})


def _wait_for_worker(env: dict[str, str], process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + READY_S
    while _run(env, "healthcheck", "worker", quiet=True):
        if time.monotonic() > give_up or process.poll() is not None:
            raise SystemExit((HOME / "up.log").read_text()[-3000:])
        time.sleep(0.3)


def _wait_for(path: Path, process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    give_up = time.monotonic() + READY_S
    while not path.exists():
        if process.poll() is not None or time.monotonic() > give_up:
            raise SystemExit(f"{path.name} did not come:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)
    return dict(json.loads(path.read_text()))


def _stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _run(env: dict[str, str], *words: str, quiet: bool = False) -> int:
    """Run a command as a person would; its output is the demonstration."""
    if not quiet:
        console.print(f"[bold]$ rollbook {' '.join(words)}[/]")
    sink = subprocess.DEVNULL if quiet else None
    done = subprocess.run(
        [sys.executable, "-m", "producers.cli.main", *words],
        env=env,
        stdout=sink,
        stderr=sink,
        check=False,
    )
    if done.returncode and not quiet:
        raise SystemExit(done.returncode)
    return done.returncode


def _complete(mapping: Path) -> None:
    """What the engineer would do now: look at the mapping and add what it cannot guess."""
    note = '\n[[notes]]\ntemplate = "Enrolled in {Course} on {Enrolled on}"\n'
    guessed = mapping.read_text(encoding="utf-8")
    level = '"custom.level" = "Level"'
    mapping.write_text(guessed.replace(f"# {level}", level) + note, encoding="utf-8")
    console.print(
        "In the mapping we take in the custom field [italic]Level[/], and add a note: "
        "[italic]Enrolled in {Course} on {Enrolled on}[/]"
    )


def _both_sides(
    env: dict[str, str], crm: Control, file: Path, backfill: tuple[str, ...]
) -> list[judge.Finding]:
    """Staff and the school change things at the same time; what both sides say then."""
    location = env["ROLLBOOK_CRM_LOCATION"]
    next_day = HOME / "students-next-day.csv"
    acts = both_sides.changes("student{:05}@example.org".format)
    before = crm.report(location)
    both_sides.write_next_export(file, next_day, acts)
    console.rule("The next day: people change things on both sides")
    console.print(
        "Staff edit contacts in the CRM, which tells by webhook; at the same time the school's "
        f"next export, {next_day}, brings its own changes.\n"
    )
    both_sides.act_in_the_crm(crm, location, acts)
    _run(env, backfill[0], str(next_day), *backfill[2:])
    found = _settle(crm, location, acts)
    after = crm.report(location)
    calls = after["arrivals"] - before["arrivals"]
    console.print(f"\nIt took {calls} calls to the CRM, reads of what staff changed included.")
    good = [(act.what, both_sides.met(act, found[act.who])) for act in acts]
    return [
        *(judge.Finding(what, "met", "met" if one else "not met", one) for what, one in good),
        judge.speed(after),
        judge.exactly("answers 429", after["refused_429"], 0),
    ]


def _settle(
    crm: Control, location: str, acts: list[both_sides.Change]
) -> dict[str, both_sides.Sides]:
    """Wait until every webhook has come and every job is done; then what both sides hold."""
    store = open_store(Settings(home=HOME.absolute()).database, pool_size=1)
    try:
        give_up = time.monotonic() + READY_S
        while not both_sides.settled(crm, store) and time.monotonic() < give_up:
            time.sleep(0.2)
        return both_sides.sides(crm, store, location, acts)
    finally:
        store.close()


def _conclude(good: bool, seconds: float) -> None:
    word = "[bold green]All is well" if good else "[bold red]Something is wrong"
    console.print(f"\n{word}[/] after {seconds:.0f} seconds.")


def _report(title: str, findings: list[judge.Finding]) -> bool:
    table = Table(title=title, title_justify="left", show_edge=False)
    table.add_column("")
    table.add_column("must be", justify="right")
    table.add_column("is", justify="right")
    table.add_column("")
    for finding in findings:
        mark = "[green]✓[/]" if finding.good else "[red]✗[/]"
        table.add_row(mark, finding.bound, finding.value, finding.what)
    console.print()
    console.print(table)
    return all(finding.good for finding in findings)


def _flower(env: dict[str, str]) -> None:
    found = json.loads((HOME / "up.json").read_text())
    password = HOME / "flower.password"
    secret = f" password {password.read_text().strip()}" if password.exists() else ""
    user = env.get("ROLLBOOK_FLOWER_USER", "rollbook")
    console.print(f"Flower: {found['flower']}  (user {user},{secret})")


if __name__ == "__main__":
    sys.exit(main())
