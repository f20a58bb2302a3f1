"""Becomes the embedded server: run by path, as a script of its own, with nothing but the standard library.

    python launch.py PARENT_PID PID_FILE COMMAND...

Asks the kernel to end this process when its parent ends, however that happens, notes its process id, and turns into
COMMAND (which keeps the process id).
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def main(parent: str, pid_file: str, *command: str) -> None:
    # A signal to the parent's terminal (Ctrl-C) is the parent's to handle; it then stops the server in good order.
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        return  # the parent ended before the kernel knew
    Path(pid_file).write_text(str(os.getpid()), encoding="ascii")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
