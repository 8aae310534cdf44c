"""The same job as a script: the CRM's own SDK in a loop, one row after the other.

    python -m ops.bench.peers.sdk_loop run FILE DONE    the loop; DONE says how far it has come
    python -m ops.bench.peers.sdk_loop live             a call for each line of JSON, at once

No queue and no limiter. Kind choices: what is refused for being too fast is tried again after ten
seconds, and the number of rows that are done is kept in a file, so that whoever starts the script
again goes on where it was.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from highlevel import GHLError, HighLevel

from ops.bench import rival

WAIT_S: Final = 10.0


def client(env: Mapping[str, str]) -> HighLevel:
    """The SDK, pointed at the stand-in: its address is an attribute of its class."""
    here = type("Here", (HighLevel,), {"BASE_URL": env[rival.CRM_URL]})
    return here(private_integration_token=env[rival.TOKEN], log_level="none")


async def sync(sdk: HighLevel, env: Mapping[str, str], row: Mapping[str, str]) -> None:
    """Bring one row into the CRM."""
    body: dict[str, Any] = {
        "locationId": env[rival.LOCATION],
        "tags": [f"course: {row['Course']}"],
        **rival.contact(row),
    }
    found = await again(lambda: sdk.contacts.upsert_contact(body))
    if env.get(rival.NOTES) and (text := rival.note(row)):
        id = found["contact"]["id"]
        await again(lambda: sdk.contacts.create_note(id, {"body": text}))


async def again(call: Any) -> Any:
    """The call's answer; what was too fast is tried again."""
    while True:
        try:
            return await call()
        except GHLError as error:
            if error.status_code != 429:
                raise
            await asyncio.sleep(WAIT_S)


async def run(env: Mapping[str, str], file: str, done: Path) -> None:
    """Every row that is not done."""
    sdk = client(env)
    begin = int(done.read_text()) if done.exists() else 0
    for number, row in enumerate(rival.rows(file), start=1):
        if number > begin:
            await sync(sdk, env, row)
            done.write_text(str(number))
    await sdk.close()


async def live(env: Mapping[str, str]) -> None:
    """Each line's row at once, as a handler of webhooks would."""
    sdk = client(env)
    rows = rival.incoming()
    async with asyncio.TaskGroup() as group:
        while row := await asyncio.to_thread(next, rows, None):
            group.create_task(sync(sdk, env, row))
    await sdk.close()


def main() -> int:
    """``python -m ops.bench.peers.sdk_loop``."""
    command, *rest = sys.argv[1:]
    if command == "run":
        file, done = rest
        asyncio.run(run(os.environ, file, Path(done)))
    else:
        asyncio.run(live(os.environ))
    return 0


if __name__ == "__main__":
    sys.exit(main())
