"""Types lines into an interactive shell and prints each line as its completion leaves it.

terminal.py KEYS LINES SHELL [ARGUMENT ...]: the file KEYS binds Ctrl-O, in the shell, to insert all that completion offers and then to
show the line between two marks.
"""

import os
import pty
import re
import select
import sys
import time

keys, lines, shell = sys.argv[1], sys.argv[2].split("\n"), sys.argv[3:]
PATIENCE = 30.0

process, terminal = pty.fork()
if process == 0:
    os.execvp(shell[0], shell)


def until(pattern):
    """What the terminal shows up to a match of `pattern`, which is returned."""
    shown, deadline = b"", time.monotonic() + PATIENCE
    while not (match := re.search(pattern, shown, re.DOTALL)):
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            sys.exit(f"the shell is silent after {shown!r}")
        try:
            shown += os.read(terminal, 65536)
        except OSError:
            sys.exit(f"the shell is gone after {shown!r}")
    return match


# The echo of what is typed has no expanded `$((`, the answer has.
os.write(terminal, f". {keys}; echo ready$((6 * 7))\n".encode())
until(rb"ready42")
for line in lines:
    os.write(terminal, line.encode() + b"\x0f")
    print(until(rb"<<<(.*?)>>>").group(1).decode().replace("\r\n", ""), flush=True)
os.kill(process, 9)
