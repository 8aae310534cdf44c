"""An agency installs the app in a browser, its token is refused in the middle, and all arrives."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import httpx
import pytest

from ops.simulator.oauth_settings import App

pytestmark = [pytest.mark.journey, pytest.mark.redis]

APP = App()


def test_an_agency_connects_and_its_students_arrive_though_its_token_is_refused(
    new_house: Any,
) -> None:
    house = new_house(
        ROLLBOOK_CRM_LOCATION="",
        ROLLBOOK_CRM_TOKEN="",
        ROLLBOOK_OAUTH_CLIENT_ID=APP.client_id,
        ROLLBOOK_OAUTH_CLIENT_SECRET=APP.client_secret,
    )
    url = house.receiver_at()
    house.env["ROLLBOOK_OAUTH_REDIRECT_URL"] = f"{url}/oauth/callback"
    house.env["ROLLBOOK_OAUTH_AUTHORIZE_URL"] = f"{house.crm.url}/v2/oauth/chooselocation"
    house.crm.settings(oauth={"chooses": "agency"}, webhooks={"url": f"{url}/webhooks/crm"})
    house.start_with_receiver(url, "dispatcher", "worker-1", "worker-2")

    said = connect(house)
    file = house.export(40)
    house.crm.expire()
    house.backfill(file)
    house.until_settled()

    assert said.endswith("Connected: location loc_journey\n")
    house.judge(file)
    assert house.crm.oauth()["refresh_calls"] == 1
    assert house.crm.oauth()["repeated"] == 0


def connect(house: Any) -> str:
    """Type the command, and be the person in the browser; returns what it said."""
    words = [*house.command, "connect", "--no-open", "--wait", "60"]
    with subprocess.Popen(
        words, env=house.env, cwd=house.folder, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"http://\S+state=\S+", line):
                page = httpx.get(found[0], follow_redirects=True)
                assert (page.status_code, "Connected" in page.text) == (200, True)
    assert process.returncode == 0, said
    return said
