#!/usr/bin/env python3
"""Records docs/session.svg, the terminal session that README begins with, from a real run.

    python3 -m venv /tmp/record && /tmp/record/bin/pip install -r docs/record-requirements.txt
    /tmp/record/bin/python docs/record.py target/debug/cruddur-site docs/session.svg

The example site is published to a local account, changed as a new build changes it, looked at and published again, in a
pseudo-terminal of 80 columns. What is shown is what the program printed on standard output: its progress bars, on standard
error, leave nothing behind on a terminal.
"""

import base64
import fcntl
import hashlib
import os
import pathlib
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import termios

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

COLUMNS = 80
SITE = pathlib.Path(__file__).parent.parent / "examples" / "site"
PROMPT = "\x1b[1;32m$\x1b[0m "
DIM = "\x1b[2m{}\x1b[0m\n"


def session(program, folder):
    """The session as a terminal has it, colours included."""
    build = folder / "dist"
    shutil.copytree(SITE, build)
    text = run(program, folder, "cruddur-site publish dist --local")
    text += DIM.format("# somebody has changed one component and built again")
    rebuild(build, "Sails on Sundays", "Sails on Saturdays")
    text += run(program, folder, "cruddur-site publish dist --local --dry-run")
    text += run(program, folder, "cruddur-site publish dist --local")
    return text


def run(program, folder, command):
    """Runs a command with a terminal as its standard output. What it printed, behind the command itself."""
    reader, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    words = shlex.split(command)
    process = subprocess.Popen(
        [program, *words[1:]],
        cwd=folder,
        # Nothing of the machine that records: no configuration, no credentials, no service's ways of its own.
        env={"HOME": str(folder), "PATH": os.defpath, "TERM": "xterm-256color"},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.PIPE,
    )
    os.close(terminal)
    printed = b""
    while True:
        try:
            block = os.read(reader, 65536)
        except OSError:  # Linux's way to say that nobody has the terminal open any more
            break
        if not block:
            break
        printed += block
    os.close(reader)
    said = process.communicate()[1].decode()
    if process.returncode != 0:
        sys.exit(f"{command} ended with {process.returncode}:\n{printed.decode()}{said}")
    return f"{PROMPT}{command}\n{printed.decode()}\n".replace("\r\n", "\n")


def rebuild(build, old, new):
    """Changes a text in the build, and the names of all that changes with it, as a build tool does: a name has the beginning of
    its content's digest, and whoever names it changes too."""
    renamed = {old: new}
    while renamed:
        old, new = renamed.popitem()
        for path in sorted(path for path in build.rglob("*") if path.suffix in {".html", ".js"}):
            text = path.read_text()
            if old not in text:
                continue
            path.write_text(text.replace(old, new))
            if named := re.fullmatch(r"(.*)-[\w-]{8}", path.stem):
                digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()
                target = path.with_stem(f"{named[1]}-{digest[:8]}")
                path.rename(target)
                renamed[path.name] = target.name


def picture(text):
    """The session as an SVG. Fonts are the viewer's: GitHub lets a picture load nothing."""
    console = Console(width=COLUMNS, record=True, file=open(os.devnull, "w"), legacy_windows=False)
    for line in Text.from_ansi(text.rstrip("\n")).split("\n", allow_blank=True):
        # A terminal breaks a line where it is full, whatever stands there.
        for part in line.divide(range(COLUMNS, len(line), COLUMNS)):
            console.print(part)
    form = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    form = form.replace("Fira Code,", "ui-monospace, SFMono-Regular, Menlo, Consolas, Liberation Mono,")
    return console.export_svg(title="cruddur-site", code_format=form, unique_id="session")


def main():
    program, target = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        target.write_text(picture(session(program, pathlib.Path(folder))))


if __name__ == "__main__":
    main()
