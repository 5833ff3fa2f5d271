"""What ``spinerisk define`` shows and writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.definition import read_definition
from schemas.drafting import Draft, draft_definition
from schemas.errors import DefinitionError, RunError
from spinerisk.defining import build_file_plan, describe_draft, summarise_draft, write_draft


@pytest.fixture
def drafted(tmp_path: Path) -> Draft:
    rows = [f"p{row},{40 + row % 30},{'m' if row % 2 else 'f'},{row % 60},{row}" for row in range(50)]
    path = tmp_path / "export.csv"
    path.write_text("\n".join(["patient,age,Gender,ODI,colour", *rows]), encoding="utf-8")
    return draft_definition(path, base="lumbar")


def test_every_header_has_a_row(drafted: Draft) -> None:
    rows = {str(row["header"]): row for row in describe_draft(drafted)}
    assert list(rows) == ["patient", "age", "Gender", "ODI", "colour"]
    assert {name: row["certainty"] for name, row in rows.items()} == {
        "patient": "sure",
        "age": "sure",
        "Gender": "check",
        "ODI": "open",
        "colour": "open",
    }
    assert rows["Gender"]["column"] == "sex"
    assert rows["Gender"]["what"] == "recode"
    assert "names a score and no visit" in str(rows["ODI"]["what"])


def test_header_that_is_dropped_has_a_row(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    rows = [f"p{row},{'Hansen' if row % 2 else 'Berg'}" for row in range(50)]
    path.write_text("\n".join(["patient,Surname", *rows]), encoding="utf-8")
    drafted = draft_definition(path, base="lumbar")
    row = describe_draft(drafted)[1]
    assert (row["header"], row["column"], row["certainty"]) == ("Surname", "dropped: looks like a name", "check")
    assert summarise_draft(drafted, Path("my.toml"))["to_check"] == 1


def test_file_plan_is_of_what_is_stated() -> None:
    plan = build_file_plan({"separator": ";", "encoding": None, "decimal": ","})
    assert (plan.separator, plan.encoding, plan.decimal) == (";", "utf-8", ",")


@pytest.mark.parametrize(
    ("stated", "told"),
    [({"separator": ";;"}, "separator"), ({"encoding": "utf-88"}, "encoding"), ({"decimal": "'"}, "decimal")],
)
def test_file_plan_that_cannot_be_used_is_refused(stated: dict[str, str | None], told: str) -> None:
    with pytest.raises(DefinitionError, match=rf"what is stated of the file must be usable:\n.*{told}"):
        build_file_plan(stated)


def test_summary_counts_them(drafted: Draft) -> None:
    facts = summarise_draft(drafted, Path("my.toml"))
    assert facts == {"sure": 2, "to_check": 1, "open": 2, "notes": [], "written_to": "my.toml"}


def test_draft_is_written_and_read(drafted: Draft, tmp_path: Path) -> None:
    out = write_draft(drafted, tmp_path / "new" / "my_registry.toml")
    assert out.read_bytes() == drafted.text.encode()
    assert read_definition(out).sources["sex"].header == "Gender"


def test_edited_draft_is_not_replaced(drafted: Draft, tmp_path: Path) -> None:
    out = tmp_path / "my_registry.toml"
    out.write_text("an afternoon's work", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"must not replace a file, got '.*my_registry.toml'; name another one"):
        write_draft(drafted, out)
    assert out.read_text(encoding="utf-8") == "an afternoon's work"


def test_draft_is_toml(drafted: Draft, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"must be written to a TOML file, got '.*export.csv'"):
        write_draft(drafted, tmp_path / "export.csv")


def test_place_that_cannot_be_written_is_named(drafted: Draft, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RunError, match=r"the draft must be writable, got '.*my\.toml'"):
        write_draft(drafted, tmp_path / "file" / "my.toml")
