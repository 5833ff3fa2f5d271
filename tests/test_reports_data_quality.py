"""The data-quality page: one offline file in the order of a reader, whose numbers are those of its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas
from synthetic_columns import keep_first_columns

from pipelines.data_quality import Quality, compute_quality
from pipelines.quality.data_quality_completeness import FULL, SPARSE
from pipelines.quality.data_quality_follow_up import LEAST_FOLLOW_UP
from pipelines.quality.data_quality_scores import END_ALARM
from reports.figures.quality import SHADES, draw_coding, draw_ends, draw_follow_up, draw_heat_map, draw_love, find_shade
from reports.quality.data_quality import TOPICS, build_quality_report, render_facts, write_quality
from reports.quality.words import visit_in_words
from schemas.errors import RunError
from schemas.registry import Registry, read_registry
from schemas.synthetic import simulate_registry

N = 2500
TABLES = {
    "verdict": "findings",
    "tables": "tables",
    "faults": "faults",
    "outside": "outside",
    "completeness": "completeness",
    "completeness-of-site": "completeness_groups",
    "completeness-of-year": "completeness_groups",
    "follow-up": "follow_up",
    "follow-up-by-site": "follow_up",
    "follow-up-by-year": "follow_up",
    "responders-3m": "responders",
    "responders-12m": "responders",
    "responders-24m": "responders",
    "extremes": "extremes",
    "digits": "digits",
    "coding": "coding",
}
"""Tables of the page with numbers, and the table of the JSON that has them."""
SECTIONS = (
    "verdict",
    "accounts",
    "completeness",
    "follow-up",
    "responders",
    "extremes",
    "digits",
    "coding",
    "provenance",
)


class Page(HTMLParser):
    """Reads tables as rows of texts, and where links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[tuple[str, str]]]] = {}
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.labels: list[str] = []
        self._table: list[list[tuple[str, str]]] = []
        self._cell: str | None = None
        self._kind = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors.add(found.get("id") or "")
        name = found.get("data-test") or ""
        if name.startswith("table-"):
            self._table = self.tables.setdefault(name.removeprefix("table-"), [])
        if tag == "a":
            self.links.append(found.get("href") or "")
        if tag == "svg":
            self.labels.append(found.get("aria-label") or "")
        if tag == "tr":
            self._table.append([])
        if tag in ("td", "th"):
            self._cell, self._kind = "", found.get("class") or ""
        if tag == "small" and self._cell is not None:
            self._cell += " | "

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self._table[-1].append((self._kind, self._cell))
            self._cell = None


def plant(registry: Registry) -> pd.DataFrame:
    """Return a file with faults, doubtful values, a poor site, a small site and a switch of coding."""
    frame = registry.frame.drop(columns="row_id")
    rng = np.random.default_rng(2)
    lost = (frame["site"] == "S3") & (rng.random(len(frame)) < 0.6)
    scores = [name for name in frame if name.endswith("_12m")]
    frame = frame.assign(**{name: frame[name].mask(lost) for name in scores})
    frame["smoking"] = frame["smoking"].mask((frame["year"] >= 2020) & (frame["smoking"] == "former"), "never")
    frame.loc[3:6, "age"] = 400.0
    frame.loc[20:26, "age"] = 17.0
    frame.loc[40:42, "site"] = "S9"
    return frame


def describe(registry: Registry, **changes: Any) -> dict[str, Any]:
    return {
        "title": registry.definition.title, "source": registry.source, "definition": registry.definition.name,
        "fingerprint": registry.fingerprint, "rows_read": registry.n_read, "rows_valid": len(registry.frame),
        "rows_quarantined": len(registry.quarantine), "notes": list(registry.warnings),
        "synthetic": registry.synthetic, "spinerisk": "1.2.3", "written_to": "somewhere", **changes,
    }  # fmt: skip


@pytest.fixture(scope="module")
def simulated() -> Registry:
    return keep_first_columns(simulate_registry("lumbar", n=N, seed=31))


@pytest.fixture(scope="module")
def registry(simulated: Registry) -> Registry:
    return read_registry(plant(simulated), simulated.definition)


@pytest.fixture(scope="module")
def quality(registry: Registry) -> Quality:
    return compute_quality(registry)


@pytest.fixture(scope="module")
def text(registry: Registry, quality: Quality, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    return write_quality(quality, describe(registry), folder).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


@pytest.fixture(scope="module")
def document(registry: Registry, quality: Quality) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render_facts(quality, describe(registry)))
    return found


def numbers_in(cell: str) -> Iterator[tuple[float, int]]:
    """Yield the numbers of a cell, each with its decimals."""
    plain = cell.replace("\u202f", "").replace("\u2212", "-").replace("\u00a0", " ")
    for found in re.finditer(r"(?<![\w.])-?\d+(?:\.(\d+))?(?![\w])", plain):
        yield float(found.group()), len(found.group(1) or "")


def test_every_number_of_the_tables_is_in_the_json(page: Page, document: dict[str, Any]):
    compared = 0
    for name, source in TABLES.items():
        known = [v for column in document["tables"][source].values() for v in column if isinstance(v, int | float)]
        texts = {str(v) for column in document["tables"][source].values() for v in column if isinstance(v, str)}
        known += [value for text in texts for value, _ in numbers_in(text)]
        values = np.array(known, dtype=float)
        for row in page.tables[name][1:]:
            cells = row[:-1] if name == "verdict" else row  # the last one names a section
            for kind, cell in cells:
                for value, digits in numbers_in(cell) if kind == "number" else ():
                    assert (np.abs(values - value) <= 0.5 * 10.0**-digits + 1e-9).any(), (name, cell)
                    compared += 1
    assert compared > 900


def test_every_fault_is_on_the_page(page: Page, registry: Registry):
    rows = [tuple(cell for _, cell in row) for row in page.tables["faults"][1:]]
    assert [row[0] for row in rows] == registry.faults["column"].tolist()
    assert [row[-1] for row in rows] == registry.faults["rows"].tolist()


def test_page_says_where_all_rows_at_fault_are(text: str):
    assert "Of more than 20 row numbers the first 20 are shown, here and in faults.csv; the quarantine" in text


def test_verdict_says_what_needs_a_person(text: str, page: Page, registry: Registry):
    first = text.index('<p class="warning"')
    assert "4 in quarantine" in text[first : first + 300].replace("\u202f", "")
    found = {row[0][1]: [cell for _, cell in row[1:]] for row in page.tables["verdict"][1:]}
    assert found["Rows in quarantine"][3] == "look at it"
    assert found["Sites at a visit, far below the whole file"][:3] == ["1", "21", "S3 at 12 months"]
    assert found["Columns with a sudden change"][2] == "smoking 2020"
    assert found["Values outside the plausible range, kept"][2] == "age"


def test_verdict_names_what_was_counted_and_cuts_to_three(simulated: Registry, tmp_path: Path):
    frame = simulated.frame
    late = frame["operation_date"] > frame["operation_date"].max() - pd.Timedelta(90, "D")
    gone = ["smoking", "education", "employment", "asa_class"]
    recent = frame[late].reset_index(drop=True).drop(columns="follow_up_days")
    recent[gone] = recent[gone].mask(recent["age"] > 0)
    columns = {name: column for name, column in simulated.columns.items() if name in recent}
    made = replace(simulated, frame=recent, columns=columns)
    quality = compute_quality(made)
    page = Page(write_quality(quality, describe(made), tmp_path).read_text(encoding="utf-8"))
    found = {row[0][1]: [cell for _, cell in row[1:]] for row in page.tables["verdict"][1:]}
    which = quality.findings.set_index("topic").loc["empty", "which"]
    assert set(which) == set(gone)
    assert found["Columns without any value"][0] == "4"
    assert found["Columns without any value"][2] == f"{', '.join(which[:3])} and 1 more"


def test_bounds_of_the_verdict_are_those_of_the_check():
    assert f"{LEAST_FOLLOW_UP:g} %" in TOPICS["follow_up"][0]
    assert f"{END_ALARM:g} %" in TOPICS["extremes"][0]
    assert [shade.words for shade in SHADES] == [
        "all known", f"{FULL:g} % or more", f"80 to {FULL:g} %", f"{SPARSE:g} to 80 %", f"below {SPARSE:g} %",
    ]  # fmt: skip


def test_sections_stand_in_the_order_of_the_reader(text: str, page: Page):
    places = [text.index(f'data-test="section-{name}"') for name in SECTIONS]
    assert places == sorted(places)
    assert {link.removeprefix("#") for link in page.links} <= page.anchors
    assert [link for link in page.links if link.removeprefix("#") in SECTIONS] == [f"#{name}" for name in SECTIONS]


def test_page_is_offline_and_said_to_be_synthetic(text: str, page: Page):
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text)
    assert 'data-test="synthetic-banner"' in text
    drawings = text.count("<svg role")
    assert drawings == 7
    assert text.count(">Synthetic data</text>") + text.count("Synthetic data</text>") >= drawings
    assert len(page.labels) == drawings
    assert all(re.search(r"\d", label) for label in page.labels)


def test_page_of_real_data_is_not_marked(registry: Registry, quality: Quality, tmp_path: Path):
    text = write_quality(quality, describe(registry, synthetic=False, title="A"), tmp_path).read_text(encoding="utf-8")
    assert "synthetic-banner" not in text
    assert "Synthetic data" not in text


def test_same_input_same_bytes(registry: Registry, quality: Quality, text: str, tmp_path: Path):
    page = write_quality(quality, describe(registry, written_to="elsewhere"), tmp_path)
    assert page.read_text(encoding="utf-8") == text
    assert "elsewhere" not in (tmp_path / "data_quality.json").read_text(encoding="utf-8")


def test_a_small_site_shows_no_number(page: Page, text: str):
    for name in ("completeness-of-site", "follow-up-by-site"):
        row = next(row for row in page.tables[name] if row[0][1] == "S9")
        assert {cell for _, cell in row[1:]} == {"suppressed"}
    assert "Suppressed: fewer than 5" in text


def test_what_a_file_says_is_escaped(registry: Registry, quality: Quality, tmp_path: Path):
    facts = describe(registry, title="<script>alert(1)</script>", notes=["<b>note</b>"])
    text = write_quality(quality, facts, tmp_path).read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;b&gt;note" in text


def test_a_folder_that_is_no_folder_is_named(registry: Registry, quality: Quality, tmp_path: Path):
    with pytest.raises(RunError, match=r"data_quality.json' must be writable: .*; check the folder"):
        write_quality(quality, describe(registry), tmp_path / "absent")


CASES = {
    "one row": ({"rows": 1}, "every count is small and suppressed"),
    "no date": ({"drop": ("operation_date", "year")}, "Follow-up is not assessable"),
    "no site": ({"drop": ("site",)}, "By site: not assessable"),
    "no score": ({"ending": ("_0", "_3m", "_12m", "_24m")}, "Floor and ceiling rates are not assessable"),
    "age alone": ({"only": ("row_id", "patient", "age")}, "Changes over time are not assessable"),
    "no column": ({"only": ("row_id", "patient")}, "Digit preference is not assessable"),
}


def cut(
    registry: Registry,
    *,
    rows: int = 300,
    drop: tuple[str, ...] = (),
    ending: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
) -> Registry:
    names = [
        name
        for name in registry.frame
        if name not in drop and not (ending and name.endswith(ending)) and (not only or name in only)
    ]
    frame = registry.frame[names].head(rows)
    columns = {name: column for name, column in registry.columns.items() if name in frame}
    return replace(registry, frame=frame, columns=columns, n_read=len(frame))


@pytest.mark.parametrize("case", CASES)
def test_degenerate_registries_have_a_page(simulated: Registry, tmp_path: Path, case: str):
    changes, words = CASES[case]
    made = cut(simulated, **changes)
    text = write_quality(compute_quality(made), describe(made), tmp_path).read_text(encoding="utf-8")
    body = re.sub(r"<[^>]*>", " ", re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL))
    assert words in body
    assert not re.search(r"\bnan\b", body, flags=re.IGNORECASE)


@pytest.mark.slow
def test_a_wide_registry_with_many_sites_has_a_small_page(simulated: Registry, tmp_path: Path):
    copies = [name for name in simulated.frame if name not in ("row_id", "patient", "operation", "site", "year")]
    frame, columns = simulated.frame, dict(simulated.columns)
    for k in range(11):
        frame = pd.concat([frame, simulated.frame[copies].add_prefix(f"x{k}_")], axis=1)
        columns |= {f"x{k}_{name}": replace(columns[name], name=f"x{k}_{name}") for name in copies if name in columns}
    sites = pd.Series(np.arange(len(frame)) % 60).astype("str").radd("H")
    wide = replace(simulated, frame=frame.assign(site=sites), columns=columns)
    page = write_quality(compute_quality(wide), describe(wide), tmp_path)
    assert len(columns) > 600
    assert page.stat().st_size < 5e6
    text = page.read_text(encoding="utf-8")
    assert "all but the 60 with the lowest cells; of 60 sites all but the 40" in text.replace("\n", " ")


def test_shades_follow_the_share_missing():
    assert [find_shade(percent, "") for percent in (100, 99.9, 94.9, 79.9, 49.9, 0)] == [0, 1, 2, 3, 4, 4]
    assert find_shade(float("nan"), "missing") == 1
    assert find_shade(float("nan"), "known") == len(SHADES) - 1
    assert find_shade(float("nan"), "") is None


def test_heat_map_draws_each_cell_where_it_belongs():
    rows = [("a", "x", 100.0, "ok"), ("a", "y", 40.0, "ok"), ("b", "y", 40.0, "ok"), ("b", "x", np.nan, "suppressed")]
    frame = pd.DataFrame(rows, columns=["column", "level", "percent", "status"]).assign(few="")
    ax = Canvas().add_subplot()
    draw_heat_map(frame, ax, columns=["a", "b"], levels=["x", "y"])
    centres = [patch.get_path().vertices.reshape(-1, 5, 2)[:, :4].mean(axis=1).tolist() for patch in ax.patches]
    assert centres == [[[0, 0]], [[1, 0], [1, 1]], [[0, 1]]]


def test_ends_are_drawn_to_both_sides():
    rows = [("odi", "12m", "worst", 4.0, False), ("odi", "12m", "best", 21.0, True)]
    frame = pd.DataFrame(rows, columns=["score", "visit", "end", "percent", "alarm"])
    frame = frame.assign(lower=frame["percent"] - 1, upper=frame["percent"] + 1, status="ok")
    ax = Canvas().add_subplot()
    draw_ends(frame, ax, rows=[("odi", "12m")], names=["odi"], bound=12.0)
    assert [bar.get_width() for bar in ax.patches] == [-4.0, 21.0]
    assert [line.get_xdata()[0] for line in ax.lines if line.is_dashed()] == [-12.0, 12.0]


def test_follow_up_marks_the_poor_site_and_names_the_hidden():
    frame = pd.DataFrame(
        {"by": ["all", "site", "site"], "level": ["all", "A", "B"], "percent": [70.0, 40.0, np.nan],
         "lower": [68.0, 35.0, np.nan], "upper": [72.0, 45.0, np.nan], "alarm": [True, True, False],
         "status": ["ok", "ok", "suppressed"]}
    )  # fmt: skip
    ax = Canvas().add_subplot()
    draw_follow_up(frame, ax, groups=[("all", "all"), ("site", "A"), ("site", "B")], asked=80, title="12 months")
    markers = {tuple(line.get_xdata()): line.get_marker() for line in ax.lines if line.get_marker() != "None"}
    assert markers == {(70.0,): "o", (40.0,): "D"}
    assert [text.get_text() for text in ax.texts] == ["suppressed"]


def test_a_site_called_all_is_not_the_whole():
    frame = pd.DataFrame(
        {"by": ["all", "site"], "level": ["all", "all"], "percent": [70.0, 40.0], "lower": [68.0, 35.0],
         "upper": [72.0, 45.0], "alarm": [True, True], "status": ["ok", "ok"]}
    )  # fmt: skip
    ax = Canvas().add_subplot()
    draw_follow_up(frame, ax, groups=[("all", "all"), ("site", "all")], asked=80, title="12 months")
    points = {
        (line.get_xdata()[0], line.get_ydata()[0]): line.get_marker()
        for line in ax.lines
        if line.get_marker() != "None"
    }
    assert points == {(70.0, 0): "o", (40.0, 1): "D"}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["All", "all"]


def test_love_plot_keeps_the_order_of_the_rows():
    frame = pd.DataFrame(
        {"difference": [0.3, -0.05], "lower": [0.2, -0.1], "upper": [0.4, 0.0], "alarm": [True, False]}
    )
    ax = Canvas().add_subplot()
    draw_love(frame, ax, names=["age", "sex"], bound=0.1)
    points = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_marker() != "None"]
    assert points == [(0.3, 0), (-0.05, 1)]


def test_coding_marks_the_change():
    frame = pd.DataFrame(
        {"period": ["2019", "2020", "2021"], "estimate": [10.0, 50.0, 51.0], "changed": [False, True, False]}
    )
    frame = frame.assign(
        level="never", statistic="share", lower=frame["estimate"] - 2, upper=frame["estimate"] + 2, status="ok"
    )
    ax = Canvas().add_subplot()
    draw_coding(frame, ax, title="smoking")
    marks = [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in ax.lines if line.get_marker() == "D"]
    assert marks == [([1.0], [50.0])]
    assert [text.get_text() for text in ax.texts] == ["never"]


def test_report_is_called_what_it_is(registry: Registry, quality: Quality):
    report = build_quality_report(quality, describe(registry))
    assert report.kicker == "Data quality of a registry"
    assert len({table.name for table in report.tables()}) == len(list(report.tables()))
    assert all(len(row) == len(table.columns) for table in report.tables() for row in table.rows)


def test_visits_are_words():
    assert [visit_in_words(visit) for visit in ("1y", "30d", "odd")] == ["1 year", "30 days", "odd"]
