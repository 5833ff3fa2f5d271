"""The guide is followed to the letter: every file is written, every command typed, every line shown must come out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from guide_pages import ANYTHING, FENCE, follow, list_commands, list_steps

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs" / "guide").glob("*.md"))
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)

RIGHT = """
Write `plan.toml`:

```toml
seed = 1
```

```sh
cat plan.toml
ls missing   # exit code 2
echo "a   b"; echo c; echo d
```

```text
seed = …
a b
d
```
"""
WRONG = {
    "a line that does not come out": ("a b\nd", "a b\ne"),
    "lines in another order": ("a b\nd", "d\na b"),
    "a part of a line": ("a b\nd", "a\nd"),
    "another exit code": ("exit code 2", "exit code 3"),
    "an exit code that is not told": ("   # exit code 2", ""),
    "another file": ("`plan.toml`", "`other.toml`"),
}


def test_there_is_a_page_for_each_user() -> None:
    assert [page.stem for page in PAGES] == ["auditor", "researcher", "surgeon"]


def test_a_right_page_can_be_followed(tmp_path: Path) -> None:
    follow(RIGHT, tmp_path)


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_page_is_found_out(case: str, tmp_path: Path) -> None:
    old, new = WRONG[case]
    assert old in RIGHT
    with pytest.raises(AssertionError, match=r"not printed|exit code"):
        follow(RIGHT.replace(old, new), tmp_path)


@each_page
def test_a_page_runs_a_study_and_shows_what_comes_out(page: Path) -> None:
    steps = list_steps(page.read_text(encoding="utf-8"))
    commands = [command for step in steps if step.language == "sh" for command, _ in list_commands(step.content)]
    assert any(command.startswith("spinerisk run ") for command in commands)
    assert sum(1 for step in steps if step.lines) >= 5


@each_page
def test_numbers_in_the_text_are_those_that_come_out(page: Path) -> None:
    whole = page.read_text(encoding="utf-8")
    shown = "\n".join(content for _, content in FENCE.findall(whole)).replace("−", "-")
    prose = re.sub(r"\]\([^)]*\)", "", FENCE.sub("", whole)).replace("−", "-")
    numbers = set(re.findall(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)", prose))
    assert {number for number in numbers if number not in shown} == set()
    assert ANYTHING in whole


@pytest.mark.slow
@each_page
def test_the_guide_can_be_followed(page: Path, tmp_path: Path) -> None:
    follow(page.read_text(encoding="utf-8"), tmp_path)
