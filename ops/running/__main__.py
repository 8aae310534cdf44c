"""``python -m ops.running``: the same as `rollbook up`."""

import sys

from ops.running.up import run_from_environment

if __name__ == "__main__":
    sys.exit(run_from_environment())
