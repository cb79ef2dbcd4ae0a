"""What a child process does between its start and its program: give up root, and agree to end when its parent ends.

Run as a script by `tied()`, not through `preexec_fn`, which is unsafe in a program with threads. Standard library only,
since `python -I -S` runs it without our packages.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
NOT_RUNNABLE = 127  # what a shell answers too


def tied(argv: Sequence[str], dies_by: signal.Signals, identity: tuple[int, int] | None = None) -> list[str]:
    """The command that runs `argv` as `identity` (uid, gid) and is sent `dies_by` when its parent ends in any way.

    The process keeps its id when it becomes `argv`. To Linux the parent is the thread that started it; elsewhere there
    is no such signal, and the child outlives a parent that was killed.
    """
    become = f"{identity[0]}:{identity[1]}" if identity else "-"
    return [sys.executable, "-I", "-S", __file__, str(int(dies_by)), str(os.getpid()), become, *argv]


def main(dies_by: int, parent: int, become: str, argv: list[str]) -> None:
    if become != "-":
        uid, gid = (int(part) for part in become.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After setuid, because a change of user forgets the signal.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, dies_by, 0, 0, 0)
        if os.getppid() != parent:  # It ended before we could ask to be told.
            return
    try:
        os.execvp(argv[0], argv)  # noqa: S606 (becoming another program without a shell is what this file is for)
    except OSError as error:
        print(f"cannot run {argv[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(NOT_RUNNABLE)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
