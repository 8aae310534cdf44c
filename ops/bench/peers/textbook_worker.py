"""``python -m ops.bench.peers.textbook_worker``: our worker with the textbook's bucket."""

from __future__ import annotations

import sys
from unittest.mock import patch

from ops.bench.peers.textbook import TextbookLimiter
from worker import workbench
from worker.__main__ import main as work


def main() -> int:
    """Run a worker. The product has no setting for this, on purpose."""
    with patch.object(workbench, "Limiter", TextbookLimiter):
        return work()


if __name__ == "__main__":
    sys.exit(main())
