"""``python -m ops.simulator``: a stand-in of the CRM's API on a port, until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from ops.simulator import config, serving
from ops.simulator.config import BadConfig, Config


def main(words: list[str] | None = None) -> int:
    """Run it; exit code 2 for a person's mistake."""
    options = _options(words)
    try:
        world = _world(options)
        listener = serving.listen(options.host, options.port)
    except BadConfig as error:
        print(f"ops.simulator: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except OSError as error:
        where = f"{options.host}:{options.port}"
        print(f"ops.simulator: cannot listen on {where}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 2
    url = serving.address(listener)

    def ready() -> None:
        if options.ready_file:
            _write(options.ready_file, {"url": url, "pid": os.getpid()})
        _greet(url, world)

    with listener:
        stops = (signal.SIGINT, signal.SIGTERM)
        serving.serve(serving.server(world, ready), listener, stops)
    return 0


def _options(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=8765, help="0 takes a free one (8765)")
    parser.add_argument(
        "--ready-file", type=_folder_of, help="gets url and pid as JSON when it listens"
    )
    told = parser.add_mutually_exclusive_group()
    told.add_argument("-c", metavar="JSON", help="the world, see ops/simulator/README.md")
    told.add_argument("--config", type=Path, metavar="FILE", help="the same in a file")
    return parser.parse_args(words)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError("must be 0 to 65535")
    return int(text)


def _folder_of(text: str) -> Path:
    path = Path(text)
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{path.parent} is no folder")
    return path


def _world(options: argparse.Namespace) -> Config:
    if options.config:
        return config.read_file(options.config)
    return config.read(options.c) if options.c is not None else config.EXAMPLE


def _write(path: Path, found: dict[str, object]) -> None:
    """Whole or not at all: somebody waits for the file and reads it at once."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(found), encoding="utf-8")
    unfinished.replace(path)


def _greet(url: str, world: Config) -> None:
    places = ", ".join(one.id for one in world.locations) or "none"
    print(f"Simulator of the CRM at {url} (locations: {places}). Ctrl-C ends it.", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
