#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The map that maps/README.md walks through is a map, and every word of its tables is one of the language."""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HEADGATE = os.environ["HEADGATE"]


def check(text):
    with tempfile.TemporaryDirectory(prefix="library-readme-") as directory:
        path = Path(directory) / "meter9.yaml"
        path.write_text(text)
        done = subprocess.run([HEADGATE, "check", path], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


def column(readme, head):
    """The words in backquotes of the first column of the table that begins so."""
    lines = readme[readme.index(head):].splitlines()[2:]
    rows = [line for line in lines[:next(i for i, line in enumerate(lines + [""]) if not line.startswith("|"))]]
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row.split("|")[1])]


def main():
    readme = (ROOT / "maps" / "README.md").read_text(encoding="utf-8")
    problems = []
    blocks = [b for b in re.findall(r"```yaml\n(.*?)```", readme, re.S) if "format: 1" in b]
    for block in blocks:
        code, told = check(block)
        if code != 0 or ": warning:" in told:
            problems.append(told)
    if not blocks:
        problems.append("no map in maps/README.md")
    tags = []
    for i, word in enumerate(column(readme, "| type | registers")):
        more = ", len: 2" if word == "string" else ", format: unix" if word == "time" else ", bit: 0" if word == "bool" else ""
        if re.fullmatch("[a-z0-9]+", word) and not word.startswith(("byte", "len")):
            tags.append(f"  t{i}: {{at: holding {i * 10}, type: {'u16' if word == 'bool' else word}{more}}}")
    for i, word in enumerate(column(readme, "| time format")):
        tags.append(f"  c{i}: {{at: input {i * 10}, type: time, format: {word}}}")
    for i, word in enumerate(column(readme, "| order |")):
        if re.fullmatch("[A-H]+", word):
            tags.append(f"  o{i}: {{at: holding {i * 10 + 1000}, type: {'f32' if len(word) == 4 else 'f64'}, order: {word}}}")
    code, told = check("format: 1\ntags:\n" + "\n".join(tags) + "\n")
    if code != 0 or len(tags) < 30:
        problems.append(told)
    print("\n".join(problems) or f"{len(blocks)} map, {len(tags)} words")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
