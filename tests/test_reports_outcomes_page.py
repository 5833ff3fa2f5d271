"""The dictionary of outcomes: every outcome once, with its whole rule, as it stands in the documentation."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from outcomes.outcomes import ENTRIES, FAMILIES, OUTCOMES
from reports.reference.outcomes_page import OWN, arrange_outcomes, render_outcomes_markdown, split_clauses
from schemas.definition import read_definition
from schemas.errors import InputError
from spinerisk.describing import Facts, list_outcomes
from spinerisk.listing import write_table

PAGE = Path(__file__).parents[1] / "docs" / "outcome_list.md"
OWN_OUTCOME = """
name = "own"
title = "Own registry"
base = "lumbar"

[outcomes.long_stay]
kind = "level"
title = "Stayed longer | than three nights"
desirable = false
horizon = "the stay"
column = "length_of_stay_days"
more_than = 3
"""


@pytest.fixture(scope="module")
def facts() -> list[Facts]:
    return list_outcomes(read_definition("lumbar"))


@pytest.fixture(scope="module")
def page(facts: list[Facts]) -> str:
    return render_outcomes_markdown(facts)


def test_the_list_in_the_documentation_is_the_one_that_is_written_today(page: str) -> None:
    assert PAGE.read_text("utf-8") == page, "run `spinerisk list outcomes --out docs/outcome_list.md`"
    assert len(PAGE.read_bytes()) < 300_000


def test_every_outcome_stands_once_in_its_family(page: str) -> None:
    parts = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    listed = {part.partition("\n")[0]: re.findall(r"^\| `(\w+)` \|", part, flags=re.MULTILINE) for part in parts}
    assert listed == {title: [spec.name for spec in specs] for title, specs in FAMILIES.items()}
    assert [name for names in listed.values() for name in names] == list(OUTCOMES)
    assert len(ENTRIES) == len(OUTCOMES)


def test_letters_and_clauses_make_the_whole_rule(facts: list[Facts]) -> None:
    rules = {str(one["name"]): one["rule"] for one in facts if one["rule"]}
    for family in arrange_outcomes(facts):
        clauses = dict(family.clauses)
        assert len(clauses) == len(family.clauses)
        for row in family.rows:
            told, letters = re.fullmatch(r"(.*?)((?: \([a-z]\))*)", row[3]).groups()  # type: ignore[union-attr]
            if row[0] in rules:
                whole = [*split_clauses(told), *(clauses[letter] for letter in letters.split())]
                assert sorted(whole) == sorted(split_clauses(str(rules[row[0]])))


def test_a_source_is_not_said_twice(facts: list[Facts]) -> None:
    rows = {row[0]: row for family in arrange_outcomes(facts) for row in family.rows}
    assert "Khor 2018" in rows["odi_mcid_12m"][3]
    assert rows["odi_mcid_12m"][5] == ""
    assert all(one["source"] in "".join(rows[str(one["name"])]) for one in facts if one["rule"])


def test_outcomes_of_a_registry_have_a_family_of_their_own(tmp_path: Path) -> None:
    definition = tmp_path / "own.toml"
    definition.write_text(OWN_OUTCOME, encoding="utf-8")
    written = write_table("outcomes", tmp_path / "own.md", str(definition)).read_text(encoding="utf-8")
    assert f"## {OWN}\n" in written
    assert "| `long_stay` | Stayed longer \\| than three nights | the stay | length of stay days" in written


def test_outcomes_are_written_as_table_and_as_pages(tmp_path: Path, page: str, facts: list[Facts]) -> None:
    with write_table("outcomes", tmp_path / "outcomes.csv", None).open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [{key: str(value) for key, value in one.items()} for one in facts]
    assert write_table("outcomes", tmp_path / "outcomes.md", None).read_text("utf-8") == page
    html = write_table("outcomes", tmp_path / "outcomes.html", None).read_text("utf-8")
    assert all(f">{name}<" in html for name in OUTCOMES)
    with pytest.raises(InputError, match=r"the file of outcomes must end in .html or .md or .csv, got '.*xlsx'"):
        write_table("outcomes", tmp_path / "outcomes.xlsx", None)
