"""RQ's job, and what its worker builds before it forks. RQ finds a job by its import path."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import redis

from ops.bench import rival
from ops.bench.peers.bucket import Bucket


class Limited:
    """Calls the CRM when there is a token."""

    def __init__(self, session: rival.Calls, bucket: Bucket) -> None:
        self._session, self._bucket = session, bucket

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Wait for a token, POST and read the answer.

        Raises:
            httpx.HTTPError: no answer, or not a good one.
        """
        self._bucket.take()
        return self._session.post(path, body)


class Prepared:
    """What a worker built before its first fork. RQ names a job by its function's import path, so
    the function finds its tools here."""

    work: rival.Work | None = None


def sync(row: dict[str, str]) -> None:
    """The job: bring one row into the CRM."""
    if Prepared.work is None:
        prepare(os.environ)
    assert Prepared.work is not None
    Prepared.work.sync(row)


def prepare(env: Mapping[str, str]) -> None:
    """Build what jobs work with; its settings are variables of the environment."""
    session = rival.Session(env[rival.CRM_URL], env[rival.TOKEN])
    session.open()
    bucket = Bucket(redis.Redis.from_url(env[rival.BROKER]), "bucket")
    Prepared.work = rival.Work.of(env, Limited(session, bucket))
