"""Draws the pictures of the README: what commands really print on a terminal, as SVG.

python docs/images/draw.py
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

HERE = Path(__file__).parent
SPECS = HERE.parent.parent / "specs"
COLUMNS = 92

STYLE = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: Menlo, "DejaVu Sans Mono", monospace;
  font-size: 20.26px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""


def printed(command: list[str], directory: Path) -> str:
    """What a command prints on a terminal, as it stands there at the end.

    Raises RuntimeError with what it printed where it fails: a mistake is no picture.
    """
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(directory)
        os.environ |= {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    raw = bytearray()
    while True:
        try:
            raw += os.read(terminal, 65536)
        except OSError:  # the command has closed the terminal
            break
    _, status = os.waitpid(process, 0)
    if status:
        raise RuntimeError(raw.decode())
    lines = raw.decode().replace("\r\n", "\n").split("\n")
    return "\n".join(re.split(r"\r\x1b\[2K|\r", re.sub(r"\x1b\[\?25[lh]", "", line))[-1] for line in lines)


def draw(name: str, *commands: str) -> None:
    """One picture of several commands, one below the other."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "mlp.nn").write_text((SPECS / "mlp.nn").read_text())
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
        for command in commands:
            console.print(Text(f"$ {command}", style="bold green"))
            text = re.sub(r"\n{3,}", "\n\n", printed(command.split(), Path(directory)).strip("\n"))
            console.print(Text.from_ansi(text), end="\n\n")
        svg = console.export_svg(title="nndsl", theme=MONOKAI, code_format=STYLE, unique_id=name)
    (HERE / f"{name}.svg").write_text(svg)


if __name__ == "__main__":
    draw("terminal", "nndsl compile mlp.nn", "nndsl run mlp.nn")
