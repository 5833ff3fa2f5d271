"""A page of the guide as steps: the files that a reader writes, the commands typed, the lines that come out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
CODE = re.compile(r"\s+# exit code (\d+)$")
ANYTHING = "…"
BORDERS = str.maketrans("┃", "│")
FILES = ("toml", "csv")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A file with its name, or commands with the lines that must come out."""

    language: str
    content: str
    name: str = ""
    lines: tuple[str, ...] = ()


def list_steps(page: str) -> list[Step]:
    """Return the blocks of a page in order; the lines that are shown belong to the commands before them."""
    steps: list[Step] = []
    for language, content, before in _find_blocks(page):
        if language == "text":
            assert [step.language for step in steps][-1:] == ["sh"], f"no commands before {content!r}"
            steps[-1] = replace(steps[-1], lines=tuple(content.splitlines()))
        else:
            assert language in ("sh", *FILES), f"unknown kind of block: {language}"
            name = _find_name(before, language) if language in FILES else ""
            steps.append(Step(language=language, content=content, name=name))
    return steps


def _find_blocks(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield language, content and the paragraph before each block."""
    for match in FENCE.finditer(page):
        paragraphs = page[: match.start()].strip().split("\n\n")
        yield match.group(1), match.group(2), paragraphs[-1]


def _find_name(paragraph: str, suffix: str) -> str:
    (name,) = set(re.findall(rf"`(\w+\.(?:\w+\.)?{suffix})`", paragraph))
    return str(name)


def list_commands(content: str) -> list[tuple[str, int]]:
    """Return each command of a block with its exit code, 0 unless a comment at its end says another."""
    commands = content.replace("\\\n", "").splitlines()
    return [(CODE.sub("", line), int(match.group(1)) if (match := CODE.search(line)) else 0) for line in commands]


def follow(page: str, folder: Path) -> None:
    """Do in a folder what a page says.

    Raises
    ------
    AssertionError
        If a command ends with another code than the page says, or a line does not come out.
    """
    for step in list_steps(page):
        if step.language == "sh":
            printed = "".join(run_command(command, code, folder) for command, code in list_commands(step.content))
            check_lines(step.lines, printed)
        else:
            (folder / step.name).write_text(step.content, encoding="utf-8")


def run_command(command: str, code: int, folder: Path) -> str:
    """Run one command as a reader's shell does and return what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_TRACKING")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == code, f"{command}: exit code {done.returncode} instead of {code}\n{done.stderr}"
    return done.stdout


def check_lines(expected: tuple[str, ...], printed: str) -> None:
    """Check that lines were printed in this order; spaces and thick borders of tables say nothing."""
    found = iter([_simplify(line) for line in printed.splitlines()])
    for line in expected:
        parts = re.split(f" ?{ANYTHING} ?", _simplify(line))
        pattern = re.compile(".*".join(map(re.escape, parts)))
        assert any(pattern.fullmatch(one) for one in found), f"not printed, or not there: {line}\n\n{printed}"


def _simplify(line: str) -> str:
    return " ".join(line.translate(BORDERS).split())
