"""The first thing that runs in a child; then it becomes the command itself.

Run by path, with the interpreter's `-I -S`, so that it costs 10 ms: it imports nothing of ours.

    python -I -S launch.py PARENT SIGNAL CORE COMMAND...

PARENT is the pid that must still be our parent, SIGNAL the number sent to us when it dies, CORE a
core to keep to, or `-`. Done here and not in `preexec_fn`, which may not be used when threads run.
Linux ties the signal to the parent's *thread*: whoever starts children must do it in a thread that
lives as long as they shall.
"""

import os
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(argv: list[str]) -> None:
    """Prepare this process and become the command; never returns."""
    parent, number, core, *command = argv
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit(0)  # it died before we asked to be told
        if core != "-":
            os.sched_setaffinity(0, {int(core)})
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
