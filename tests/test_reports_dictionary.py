"""The printed data dictionary: every column and its facts, on a page that needs no network."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from reports.reference.dictionary import (
    OWN,
    arrange_columns,
    list_facts,
    render_dictionary,
    render_dictionary_markdown,
)
from schemas.aliases import ALIASES
from schemas.column import Column
from schemas.columns import COLUMNS, FAMILIES
from schemas.errors import InputError, RunError
from spinerisk.listing import TABLES, list_table, write_table

TITLE = "Columns & <b>facts</b>"
PAGE = Path(__file__).parents[1] / "docs" / "column_list.md"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

OWN_COLUMN = Column(
    name="oks_0", kind="number", known_at="preop", text="Knee score <i>; before the operation.", unit="points",
    hard=(0, 48), source='"Dawson" & others 1998',
)  # fmt: skip
REDEFINED = Column(name="diabetes", kind="flag", known_at="discharge", text="As coded at discharge.")


@dataclass
class Row:
    """A line of a table: the columns that it stands for, its cells as text, and what the search looks at."""

    names: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    words: str = ""


class Page(HTMLParser):
    """The tags of the page and the rows of its tables."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[Row] = []
        self.inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "tr" and "data-words" in attributes:
            self.rows.append(Row(words=attributes["data-words"] or ""))
            self.inside = True
        elif self.inside and tag in ("th", "td"):
            self.rows[-1].cells.append("")
        elif self.inside and tag == "code" and "id" in attributes:
            self.rows[-1].names.append(attributes["id"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside and self.rows[-1].cells:
            cells = self.rows[-1].cells
            cells[-1] = (cells[-1] + data).lstrip().replace("\n", "")

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def html() -> str:
    return render_dictionary(COLUMNS.values(), title=TITLE)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def rows(page: Page) -> dict[str, Row]:
    return {name: row for row in page.rows for name in row.names}


def test_every_column_stands_once(page: Page) -> None:
    assert sum(len(row.names) for row in page.rows) == len(COLUMNS)
    assert {name for row in page.rows for name in row.names} == set(COLUMNS)
    assert all(len(row.cells) == 5 for row in page.rows)


def test_every_fact_of_a_column_stands_in_its_line(rows: dict[str, Row]) -> None:
    for name, column in COLUMNS.items():
        heading, meaning, values, cohorts, source = rows[name].cells
        assert name in heading.split()
        assert column.text.rpartition("; ")[0] in meaning, name
        assert column.source == source, name
        assert cohorts == ("all" if len(column.cohorts) == 3 else ", ".join(column.cohorts)), name
        assert all(level in values for level in column.levels), name
        assert ("never a predictor" in values) == (not column.predictor), name
        if column.hard:
            assert f"{column.hard[0]:g} to {column.hard[1]:g}" in values, name
        if column.plausible:
            assert f"usual {column.plausible[0]:g} to {column.plausible[1]:g}" in values, name
        if column.kind in ("identifier", "date"):
            assert column.kind in values, name


@pytest.mark.parametrize(
    ("name", "shown"),
    [("height_cm", "90 to 250 cm"), ("albumin_g_dl", "1 to 6 g/dl"), ("operative_minutes", "1 to 1500 minutes"),
     ("bmi", "12 to 75 kg/m2"), ("diabetes", "yes 1, no 0"), ("odi_0", "0 to 100 percent")],
)  # fmt: skip
def test_units_stand_beside_the_range(rows: dict[str, Row], name: str, shown: str) -> None:
    assert shown in rows[name].cells[2]


def test_visits_of_a_score_share_a_line(rows: dict[str, Row]) -> None:
    assert rows["odi_12m"].names == ["odi_6w", "odi_3m", "odi_6m", "odi_12m", "odi_24m", "odi_60m"]
    meaning = rows["odi_12m"].cells[1]
    assert "6 weeks, 3 months, 6 months, 12 months, 24 months and 60 months after the operation." in meaning
    assert rows["odi_0"].names == ["odi_0"]
    assert "before the operation." in rows["odi_0"].cells[1]
    assert rows["age"].names == ["age"]


def test_other_headers_can_be_found(rows: dict[str, Row]) -> None:
    assert "oswtot" in rows["odi_0"].words
    assert "prbun" in rows["bun_mg_dl"].words
    assert "mJOA total" in rows["mjoa_0"].cells[1]
    assert "mJOA total" not in rows["mjoa_variant"].cells[1]
    for name, aliases in ALIASES.items():
        assert all(alias.lower() in rows[name].words for alias in aliases), name


def test_columns_stand_by_family_and_by_time() -> None:
    sections = arrange_columns(tuple(COLUMNS.values()))
    assert [section.title for section in sections] == list(FAMILIES)
    assert [section.n for section in sections] == [len(family) for family in FAMILIES.values()]
    for section in sections:
        for part in section.parts:
            names = [name for line in part.lines for name in line.names]
            family = FAMILIES[section.title]
            assert names == [column.name for column in family if column.known_at == part.known_at]


def test_columns_of_a_registry_come_last_and_are_escaped() -> None:
    html = render_dictionary([OWN_COLUMN, REDEFINED, COLUMNS["age"]], title="Knees")
    assert [section.title for section in arrange_columns([OWN_COLUMN, REDEFINED, COLUMNS["age"]])] == ["Patient", OWN]
    rows = {row.names[0]: row for row in Page(html).rows}
    assert list(rows) == ["age", "oks_0", "diabetes"]
    assert rows["oks_0"].cells[1] == "Knee score <i>; before the operation."
    assert rows["oks_0"].cells[4] == '"Dawson" & others 1998'
    assert "<i>" not in html
    assert rows["diabetes"].cells[1].startswith("As coded at discharge.")


def test_the_title_is_text(html: str) -> None:
    assert "<h1>Columns &amp; &lt;b&gt;facts&lt;/b&gt;</h1>" in html
    assert "<b>" not in html


def test_the_same_columns_give_the_same_page(html: str) -> None:
    assert render_dictionary(tuple(COLUMNS.values()), title=TITLE) == html


def test_page_loads_nothing_from_outside(page: Page, html: str) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "audio", "video")
        for name in ("src", "href", "action", "data", "poster"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
    assert not re.search(r"url\(|@import|https?:", html)
    assert "default-src 'none'" in html
    assert len(html.encode()) < 1_000_000


def test_page_is_accessible(page: Page, html: str) -> None:
    assert html.startswith('<!doctype html>\n<html lang="en">')
    assert len(page.named("h1")) == 1
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert len(page.named("caption")) == len(page.named("table")) > len(FAMILIES)
    assert all(cell["scope"] in ("col", "row") for cell in page.named("th"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(link["href"])[1:] for link in page.named("a")} <= set(ids)
    assert len(page.named("label")) == len(page.named("input")) + len(page.named("select")) == 3
    (form,) = page.named("form")
    assert "hidden" in form, "without its script the page has no search that does nothing"


def browse(html: str, folder: Path, script: str = "") -> str:
    """Return the page as the browser has it after its script and `script`, without any network."""
    if BROWSER is None:
        pytest.skip("needs chromium")
    path = folder / "page.html"
    path.write_text(html.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=3000", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


SEARCHES = (
    ("OswTot", "preop", "", ["odi_0"]),
    ("oswestry disability index", "", "cervical", []),
    ("tropism", "", "", ["facet_tropism_deg"]),
    ("dprbun", "", "lumbar", ["bun_days_before"]),
    ("blood loss", "planned", "", []),
    ("blood loss", "intraop", "", ["blood_loss_ml"]),
)
"""What is typed, the time and the cohort that are chosen, and the columns that must be left."""

TYPE = """
const find = ([typed, known, cohort]) => {
  document.getElementById("query").value = typed;
  document.getElementById("known").value = known;
  document.getElementById("cohort").value = cohort;
  document.querySelector("form").dispatchEvent(new Event("input"));
  const shown = [...document.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility());
  return {
    names: shown.flatMap((row) => [...row.querySelectorAll("code[id]")].map((code) => code.id)),
    said: document.querySelector("output").textContent,
    sections: [...document.querySelectorAll("section")].filter((one) => one.checkVisibility()).length,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
};
document.title = JSON.stringify(%s.map(find));
"""


@pytest.mark.slow
def test_search_finds_columns_in_a_browser_without_network(html: str, tmp_path: Path) -> None:
    dom = browse(html, tmp_path, TYPE % json.dumps(SEARCHES))
    title = re.search(r"<title>(.*?)</title>", dom)
    assert title is not None
    for (typed, *_, expected), found in zip(SEARCHES, json.loads(title.group(1)), strict=True):
        assert found["names"] == expected, typed
        assert found["said"] == f"{len(expected)} columns"
        assert found["sections"] == len(expected), "a family without a line is hidden"
        assert found["wide"] <= 0


@pytest.mark.slow
def test_page_opens_whole_in_a_browser_without_network(html: str, tmp_path: Path) -> None:
    opened = Page(browse(html, tmp_path))
    assert {name for row in opened.rows for name in row.names} == set(COLUMNS)
    assert "hidden" not in opened.named("form")[0]
    assert not [attributes for tag, attributes in opened.tags if tag in ("tr", "section") and "hidden" in attributes]


def test_facts_are_rows_of_plain_texts() -> None:
    facts = list_facts([COLUMNS["bmi"], COLUMNS["sex"]])
    assert facts[0] == {
        "name": "bmi", "kind": "number", "levels": "", "range": "12 to 75", "plausible": "17 to 50", "unit": "kg/m2",
        "known_at": "preop", "cohorts": "lumbar, cervical, deformity", "text": "Body mass index.", "source": "",
    }  # fmt: skip
    assert facts[1]["levels"] == "female, male, other"
    assert list_table("columns", None) == list_facts(COLUMNS.values())


def test_dictionary_is_written_as_a_page_or_as_a_table(tmp_path: Path) -> None:
    page = write_table("columns", tmp_path / "columns.html", None)
    assert len({name for row in Page(page.read_text(encoding="utf-8")).rows for name in row.names}) == len(COLUMNS)
    table = write_table("columns", tmp_path / "columns.csv", "cervical")
    with table.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["name"] for row in read] == [name for name, c in COLUMNS.items() if "cervical" in c.cohorts]
    assert read == [{key: str(value) for key, value in row.items()} for row in list_table("columns", "cervical")]


def test_the_list_in_the_documentation_is_the_one_that_is_written_today(tmp_path: Path) -> None:
    written = write_table("columns", tmp_path / "columns.md", None).read_text(encoding="utf-8")
    assert PAGE.read_text("utf-8") == written, "run `spinerisk list columns --out docs/column_list.md`"
    assert len(PAGE.read_bytes()) < 300_000
    listed: list[str] = []
    for cell in re.findall(r"^\| (`.*?`) \| ", written, flags=re.MULTILINE):
        names = re.findall(r"`(\w+)`", cell)
        stem = names[0].rpartition("_")[0]
        listed += [stem + name if name.startswith("_") else name for name in names]
    assert sorted(listed) == sorted(COLUMNS)


def test_a_list_of_few_columns_has_their_facts() -> None:
    written = render_dictionary_markdown([COLUMNS["bmi"], COLUMNS["sex"], OWN_COLUMN], title="Few")
    assert "| `bmi` | Body mass index. | 12 to 75 kg/m2; usual 17 to 50 |  |" in written
    assert "female, male, other" in written
    assert f"## {OWN}\n" in written


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    message = r"the file of columns must end in \.html or \.md or \.csv, got '.*columns\.docx'; give it such an ending"
    with pytest.raises(InputError, match=message):
        write_table("columns", tmp_path / "columns.docx", None)
    with pytest.raises(RunError, match=r"'.*columns\.csv' must be writable: No such file"):
        write_table("columns", tmp_path / "absent" / "columns.csv", None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("table", ["sources", "derivations", "rules"])
def test_what_is_done_to_a_registry_is_listed(table: str) -> None:
    rows = TABLES[table](None)  # type: ignore[arg-type]
    assert rows
    assert len({row["name"] for row in rows}) == len(rows)
    assert {frozenset(row) for row in rows} == {frozenset(rows[0])}
