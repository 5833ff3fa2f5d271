"""The subgroup audit: a page to be signed, and a CSV and a JSON that say the same."""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import numpy as np
import pandas as pd
import pypdf
import pytest
from audit_world import HIDDEN_SITES, OTHER, OUTCOME, RIVAL, SIZES, simulate, write_world
from figure_texts import find_faults
from matplotlib.figure import Figure as Canvas
from test_reports_report import HIDDEN, REFERENCE, write_run

from reports.audit import words
from reports.audit.closing import build_signatures
from reports.audit.conclusions import build_conclusions
from reports.audit.curves import build_curves, choose_limit, lay_out
from reports.audit.gaps import build_gaps
from reports.audit.hashes import list_hashes
from reports.audit.page import AUDIT, SECTIONS
from reports.audit.performance import build_known, build_performance
from reports.audit.rows import build_rows, list_judgements
from reports.audit.scope import restrict
from reports.audit.sites import build_sites
from reports.audit.target import build_question, build_target
from reports.blocks import Block, Cell, Figure, Report, Table, Text
from reports.figures.canvas import PALETTE, PENS, REFERENCE_PEN
from reports.figures.groups import Panel, draw_group_curve, draw_site_funnel
from reports.render.formats import FORMATS
from reports.run_facts import DevelopedFacts
from reports.run_folder import RunFolder, read_run_folder
from reports.tables import digits_of, format_count, format_interval, format_number, rows_where
from schemas.errors import StudyError
from schemas.tables import AUDIT as COLUMNS

SLUG = "reoperation-24m-internal-development"
CITL = "calibration_in_the_large"


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    return simulate()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, predictions: pd.DataFrame) -> RunFolder:
    return read_run_folder(write_world(tmp_path_factory.mktemp("runs") / "one", predictions))


@pytest.fixture(scope="module")
def report(run: RunFolder) -> Report:
    return AUDIT.build(run)


@pytest.fixture(scope="module")
def files(run: RunFolder) -> dict[str, bytes]:
    return dict(AUDIT.list_further(run))


@pytest.fixture(scope="module")
def table(files: dict[str, bytes]) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(files["audit.csv"]), dtype={"level": str}, keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def document(files: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files["audit.json"])
    return found


def table_of(report: Report, name: str) -> Table:
    return next(table for table in report.tables() if table.name == name)


def rows_of(table: Table) -> dict[tuple[str, str], dict[str, list[Cell]]]:
    """Return the rows by the heading above them and their own, with the cells by column: some columns stand twice."""
    found: dict[tuple[str, str], dict[str, list[Cell]]] = {}
    heading = ""
    for row in table.rows:
        if row[0].style == "group":
            heading = row[0].text
            continue
        cells: dict[str, list[Cell]] = {}
        for column, cell in zip(table.columns, row, strict=True):
            cells.setdefault(column, []).append(cell)
        found[heading, row[0].text] = cells
    return found


def said(report: Report) -> str:
    return words_in(report.blocks)


def words_in(blocks: Iterable[Block]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Text))


def section_of(report: Report, name: str) -> list[Any]:
    """Return the blocks of one section."""
    names = [b.anchor if isinstance(b, Text) and b.kind == "section" else "" for b in report.blocks]
    start = names.index(name) + 1
    stop = next((k for k in range(start, len(names)) if names[k]), len(names))
    return list(report.blocks[start:stop])


# --- the page


def test_ascertainment_stands_before_any_result_of_a_model_but_the_conclusions(report: Report) -> None:
    sections = [text.anchor for text in report.texts() if text.kind == "section"]
    assert sections == list(SECTIONS)
    names = [block.name for block in report.blocks if isinstance(block, Table | Figure)]
    assert names.index(f"conclusions-{SLUG}") < names.index("ascertainment-reoperation-24m-development")
    assert names.index("ascertainment-reoperation-24m-development") < names.index(f"audit-calibration-{SLUG}-xgboost")


def test_the_planted_site_is_outside_in_words_and_by_name(report: Report) -> None:
    rows = rows_of(table_of(report, f"conclusions-{SLUG}"))
    assert [cell.text for cell in rows["Site", "A"]["Conclusion"]] == ["outside the margin"] * 2
    warnings = [text.text for text in report.texts() if text.kind == "warning"]
    assert any(re.search(r"Outside the margin: .*Site A", text) for text in warnings)


def test_conclusions_are_those_of_the_gaps(report: Report, run: RunFolder) -> None:
    gaps = run.tables["gaps"].query("metric == @CITL and level != '(any)'")
    rows = rows_of(table_of(report, f"conclusions-{SLUG}"))
    digits = digits_of(CITL)
    compared = 0
    for place, model in enumerate((REFERENCE, RIVAL)):
        title = f"{run.model_title(model)}: gap"
        for _, gap in gaps[gaps["model"] == model].iterrows():
            row = rows[run.predictor_title(gap["subgroup"]), run.level_title(gap["subgroup"], gap["level"])]
            if gap["status"] == "suppressed":
                assert row["Conclusion"][place].text == "suppressed"
                continue
            assert row[title][0].text == format_number(gap["estimate"], digits)
            assert row[title][0].detail == format_interval(gap["lower"], gap["upper"], digits)
            assert row["Conclusion"][place].text == words.IN_WORDS[gap["conclusion"]]
            assert row["n"][0].text == format_count(gap["n"])
            compared += 1
    assert compared == 2 * (3 + 3 + 1), "three sites, three bands, one sex"


def test_reference_and_rival_are_open_and_the_others_closed(report: Report) -> None:
    folded = {t.name: t.folded for t in report.tables() if t.name.startswith(f"audit-calibration-{SLUG}")}
    assert folded == {
        f"audit-calibration-{SLUG}-{REFERENCE.replace('_', '-')}": False,
        f"audit-calibration-{SLUG}-{RIVAL}": False,
        f"audit-calibration-{SLUG}-{OTHER.replace('_', '-')}": True,
    }
    assert not any(model in name for name in (f.name for f in report.figures()) for model in (OTHER,))


def test_performance_holds_what_an_audit_must(report: Report) -> None:
    calibration = table_of(report, f"audit-calibration-{SLUG}-xgboost")
    assert calibration.columns == (
        "Group", "n", "Events", "Observed risk", "Mean predicted risk", "O:E", "Calibration in the large",
        "Calibration slope",
    )  # fmt: skip
    other = table_of(report, f"audit-performance-{SLUG}-xgboost")
    assert other.columns == ("Group", "n", "Events", "c-statistic", "Brier score", "Scaled Brier score")
    at = next(t for t in report.tables() if t.name.startswith(f"subgroup-threshold-{SLUG}-xgboost"))
    assert at.columns[1:] == ("Sensitivity, 0.3", "Specificity, 0.3", "Share acted on, 0.3", "Net benefit, 0.3")
    row = rows_of(at)["Site", "B"]
    assert all(re.fullmatch(r"\u2212?\d\.\d+ to \u2212?\d\.\d+", cells[0].detail) for cells in list(row.values())[1:])


def test_the_target_is_said_of_every_analysis(report: Report) -> None:
    target = table_of(report, "audit-target")
    assert {row[2].text for row in target.rows if "Internal" in row[1].text} == {"The procedure"}
    assert {row[2].text for row in target.rows if "Temporal" in row[1].text} == {"Locked models"}
    assert words.TARGETS["procedure"] in said(report)
    assert words.TARGETS["locked models"] in said(report)


def test_margin_rule_multiplicity_and_limits_are_said(report: Report, run: RunFolder) -> None:
    text = said(report)
    assert "A gap of up to 0.2 on either side is taken as none" in text
    assert "Counts from 1 to 4 patients" in text
    assert "P-values are secondary" in text
    for sentence in words.NOT_SAID:
        assert sentence in text
    assert not re.search(r"\b(fair|unfair|unbiased|no significant|excellent|accura\w+)\b", text, re.IGNORECASE)
    made = sum(not math.isnan(found.gap) for found in list_judgements(run))
    assert f"gave {made} intervals of a gap" in text


def test_what_is_not_assessable_is_printed(run: RunFolder) -> None:
    tables = {}
    for name in ("evaluation", "gaps"):
        tables[name] = run.tables[name].copy()
        few = (tables[name]["level"] == "under 50") & (tables[name]["outcome"] == OUTCOME)
        tables[name].loc[few, ["estimate", "lower", "upper"]] = math.nan
        tables[name].loc[few, "events"] = 8.0
        tables[name].loc[few, "status"] = "not assessable"
    tables["gaps"].loc[tables["gaps"]["level"] == "under 50", "conclusion"] = "not assessable"
    curves = run.tables["group_calibration"]
    tables["group_calibration"] = curves[curves["level"] != "under 50"]
    sparse = replace(run, tables=run.tables | tables)
    table = next(block for block in build_conclusions(sparse) if isinstance(block, Table))
    row = rows_of(table)["Age (years)", "under 50"]
    assert row["Events"][0].text == "8"
    assert {cell.text for cell in row["Conclusion"]} == {"not assessable"}
    figure = next(block for block in build_curves(sparse) if isinstance(block, Figure))
    assert "Age (years) under 50 not assessable" in figure.description


def test_texts_of_the_figures_stay_in_their_places(report: Report) -> None:
    assert {figure.name: found for figure in report.figures() if (found := find_faults(figure.svg))} == {}


def test_there_is_a_place_to_sign_with_all_hashes_beside_it(
    report: Report, run: RunFolder, files: dict[str, bytes]
) -> None:
    assert [text.anchor for text in report.texts() if text.fresh] == ["signatures"]
    blocks = section_of(report, "signatures")
    counted, signatures, signed = (block for block in blocks if isinstance(block, Table))
    for row in counted.rows:
        assert sum(int(cell.text) for cell in row[2:]) > 0
    judged = [found for found in list_judgements(run) if found.model == REFERENCE]
    own = next(row for row in counted.rows if row[1].text == run.model_title(REFERENCE))
    expected = sum(found.conclusion == "suppressed" for found in judged if found.analysis.view.title == own[0].text)
    assert own[counted.columns.index("Suppressed")].text == str(expected)
    assert [row[0].text for row in signatures.rows] == ["Prepared by", "Reviewed by", "Approved by"]
    assert signatures.columns[1:] == ("Name", "Role", "Date", "Signature")
    assert {cell.style for row in signatures.rows for cell in row[1:]} == {"blank"}
    hashes = {row[1].text for row in signed.rows}
    facts = run.facts
    assert {hashlib.sha256(files[name]).hexdigest() for name in ("audit.json", "audit.csv")} <= hashes
    assert "the models" not in words_in(blocks), "the run has no hash of a bundle"
    assert {facts.study.sha256, facts.definition.sha256, str(facts.code_sha256), facts.data[0].fingerprint} <= hashes


def test_hashes_of_locked_bundles_are_listed(tmp_path: Path) -> None:
    bundle = {"outcome": OUTCOME, "model": REFERENCE, "sha256": "e" * 64}
    folder = write_run(
        tmp_path / "run", bundles=[bundle], kind="evaluation",
        developed={"title": "Developed elsewhere", "study_sha256": "f" * 64,
                   "data": [{"fingerprint": "9" * 64, "dataset": "their_data"}]},
    )  # fmt: skip
    own = read_run_folder(folder)
    blocks = build_target(own)
    signed = build_signatures(own)[-1]
    assert isinstance(signed, Table)
    assert signed.notes == (words.SIGNED_MODELS,)
    assert "e" * 64 not in {row[1].text for row in signed.rows}, "so many may be that the page would not hold them"
    hashes = next(block for block in blocks if isinstance(block, Table) and block.name == "audit-hashes")
    listed = {row[0].text: row[1].text for row in hashes.rows}
    assert listed["Model: Logistic regression, splines, Reoperation within 24 months"] == "e" * 64
    assert listed["Study plan of the development"] == "f" * 64
    assert listed["Data of the development: their_data"] == "9" * 64
    assert "developed in the study \u201cDeveloped elsewhere\u201d" in words_in(blocks)
    assert words.GROUPS_ON_REQUEST.split(":")[0] in words_in(build_question(own))


# --- the same as data


def test_csv_and_json_hold_the_same_rows(table: pd.DataFrame, document: dict[str, Any]) -> None:
    assert tuple(table.columns) == COLUMNS
    rows = pd.DataFrame(document["rows"])
    assert tuple(rows.columns) == COLUMNS
    assert len(rows) == len(table)
    for name in COLUMNS:
        if pd.api.types.is_numeric_dtype(table[name]):
            np.testing.assert_allclose(table[name], rows[name].astype(float), rtol=1e-12)
        else:
            assert table[name].fillna("").tolist() == rows[name].tolist()


def test_page_csv_and_json_conclude_alike(report: Report, run: RunFolder, document: dict[str, Any]) -> None:
    table = build_rows(run)
    own = table[(table["measure"] == CITL) & (table["against"] == "rest") & (table["level"] != "(any)")]
    own = own[own["model"].isin((REFERENCE, RIVAL))]
    printed = rows_of(table_of(report, f"conclusions-{SLUG}"))
    assert len(document["conclusions"]) == len(own)
    for found in document["conclusions"]:
        row = rows_where(
            own, model=found["model"], subgroup=found["subgroup"], level=found["level"], outcome=found["outcome"]
        ).iloc[0]
        expected = "suppressed" if row["status"] == "suppressed" else row["conclusion"]
        assert found["conclusion"] == expected
        for name, column in (("gap", "estimate"), ("lower", "lower"), ("upper", "upper"), ("n", "n")):
            assert found[name] is None if math.isnan(row[column]) else found[name] == pytest.approx(row[column])
        place = printed[run.predictor_title(found["subgroup"]), run.level_title(found["subgroup"], found["level"])]
        assert words.IN_WORDS[found["conclusion"]] in {cell.text for cell in place["Conclusion"]}


def test_every_printed_measure_stands_in_the_csv(report: Report, run: RunFolder, table: pd.DataFrame) -> None:
    titles = {"Observed risk": "event_rate", "O:E": "oe_ratio", "Calibration slope": "calibration_slope",
              "Mean predicted risk": "mean_risk"}  # fmt: skip
    rows = rows_of(table_of(report, f"audit-calibration-{SLUG}-xgboost"))
    own = table[(table["model"] == RIVAL) & table["against"].isna() & (table["validation"] == "internal")]
    compared = 0
    for title, metric in titles.items():
        for _, row in own[(own["measure"] == metric) & (own["outcome"] == OUTCOME)].iterrows():
            shown = next(
                (cells[title][0] for (head, names), cells in rows.items()
                 if head == run.predictor_title(row["subgroup"]) and str(row["level"]) in names.split(", ")), None,
            )  # fmt: skip
            if row["status"] == "suppressed":
                continue
            assert shown is not None
            assert shown.text == format_number(row["estimate"], digits_of(metric))
            compared += 1
    assert compared == 4 * 7


def test_json_names_target_margin_rule_and_hashes(document: dict[str, Any], run: RunFolder) -> None:
    own = next(t for t in document["target"] if t["outcome"] == OUTCOME and t["validation"] == "internal")
    assert own["target"] == "procedure"
    assert own["models"] == [REFERENCE, RIVAL]
    assert OTHER in own["other_models"]
    assert document["margin"] == 0.2
    assert document["rule"]["suppress_below"] == 5
    assert document["rule"]["least_events_and_others"]["calibration_slope"] == 20
    assert run.facts.study.sha256 in document["hashes"].values()
    hidden = [row for row in document["suppressed"] if row["outcome"] == OUTCOME and row["validation"] == "internal"]
    assert {row["subgroup"]: row["groups"] for row in hidden} == {"sex": 2, "site": 3}


def test_the_count_of_hidden_cells_is_that_of_the_csv(report: Report, table: pd.DataFrame) -> None:
    printed = table_of(report, "audit-suppressed")
    cells = sum(int(row[4].text.replace("\u202f", "")) for row in printed.rows)
    assert cells == (table["status"] == "suppressed").sum()


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(run: RunFolder, report: Report, files: dict[str, bytes]) -> None:
    assert AUDIT.build(run) == report
    assert dict(AUDIT.list_further(run)) == files


# --- what is hidden


def test_hidden_rows_hold_no_number(table: pd.DataFrame) -> None:
    hidden = table[table["status"] == "suppressed"]
    assert set(hidden.loc[(hidden["subgroup"] == "site") & (hidden["outcome"] == OUTCOME), "level"]) == {*HIDDEN_SITES}
    assert {"unknown", "male"} == set(
        hidden.loc[(hidden["subgroup"] == "sex") & (hidden["validation"] == "internal")
                   & (hidden["outcome"] == OUTCOME), "level"]
    )  # fmt: skip
    numbers = ["estimate", "lower", "upper", "n", "events", "largest_compatible", "p_value", "p_adjusted"]
    assert hidden[numbers].isna().all(axis=None)


@pytest.mark.parametrize("counted", ["n", "events"])
def test_no_hidden_site_follows_from_the_total(table: pd.DataFrame, predictions: pd.DataFrame, counted: str) -> None:
    everyone = predictions[predictions["model"] == REFERENCE]
    truth = everyone.groupby("site")["y_true"].agg(n="size", events="sum")
    own = table[(table["subgroup"] == "site") & (table["measure"] == CITL) & (table["against"] == "rest")]
    shown = own[(own["model"] == REFERENCE) & (own["outcome"] == OUTCOME)].set_index("level")[counted].dropna()
    left = truth[counted].sum() - shown.drop("(any)", errors="ignore").sum()
    assert left not in truth.loc[list(HIDDEN_SITES), counted].tolist()
    assert left >= 5


def texts_of(report: Report, form: str) -> str:
    """Return everything that a person or a program can read in a document: text, hover texts, descriptions."""
    content = FORMATS[form].render(report)
    if form == "pdf":
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    if form == "docx":
        opened = docx.Document(io.BytesIO(content))
        cells = [cell.text for table in opened.tables for row in table.rows for cell in row.cells]
        described = re.findall(r'descr="([^"]*)"', opened.element.xml)
        return "\n".join([*(paragraph.text for paragraph in opened.paragraphs), *cells, *described])
    page = content.decode()
    drawn = re.sub(r'\s(?:d|points|transform|style|x|y|width|height|viewBox)="[^"]*"', "", page)
    return re.sub(r"<(?:style|script).*?</(?:style|script)>", "", drawn, flags=re.DOTALL)


@pytest.fixture(scope="module")
def revealing(predictions: pd.DataFrame) -> set[str]:
    """Return the counts of the hidden sites as they would be printed: none of them is the count of anything shown."""
    own = predictions[predictions["model"] == REFERENCE].groupby("site")["y_true"].agg(n="size", events="sum")
    found = {format_count(own.loc[site, name]) for site in ("None", "Third") for name in ("n", "events")} - {"0"}
    assert {"197", "311"} <= found
    return found


@pytest.mark.parametrize("form", ["html", pytest.param("pdf", marks=pytest.mark.slow), "docx"])
def test_no_format_shows_a_hidden_count(report: Report, form: str, revealing: set[str]) -> None:
    text = texts_of(report, form)
    for count in (*revealing, f"{HIDDEN:.0f}"):
        assert not re.search(rf"(?<![\d.,\u202f#\w]){re.escape(count)}(?![\d.,\u202f\w])", text), count
    assert re.search(r"suppressed", text)


def test_data_files_and_descriptions_show_no_hidden_count(
    report: Report, files: dict[str, bytes], revealing: set[str]
) -> None:
    described = " ".join(figure.description + figure.caption for figure in report.figures())
    drawn = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", " ".join(f.svg for f in report.figures())))
    for text in (described, drawn, *(content.decode() for content in files.values())):
        for count in (*revealing, f"{HIDDEN:.0f}"):
            assert not re.search(rf"(?<![\d.\u202f\w]){re.escape(count)}(?:\.0)?(?![\d.\u202f\w])", text), count
    assert f"{SIZES['A']}" in drawn


def test_hidden_groups_have_a_word_in_their_panel_and_no_count(report: Report) -> None:
    figure = next(f for f in report.figures() if f.name == f"group-curves-{SLUG}")
    for name in ("Site None", "Site Third", "Sex male"):
        assert f"{name} suppressed" in figure.description
    assert "Site None (" not in figure.svg
    assert "Third</text>" in figure.svg


# --- what is cut out, and what is missing


def test_an_audit_of_some_groups_leaves_the_others_out(run: RunFolder) -> None:
    cut = restrict(run, ["sex"])
    assert {found.subgroup for found in list_judgements(cut)} == {"sex"}
    assert set(build_rows(cut)["subgroup"]) == {"sex"}
    assert words.NO_SITES in words_in(build_sites(cut))
    blocks = [*build_known(cut), *build_conclusions(cut), *build_performance(cut), *build_gaps(cut)]
    assert not any(row[0].text == "Site" for table in blocks if isinstance(table, Table) for row in table.rows)


def test_groups_that_were_not_declared_are_refused(run: RunFolder) -> None:
    message = r"a group of the audit must be a known name, got 'bmi'.*declared in the study plan"
    with pytest.raises(StudyError, match=message):
        restrict(run, ["sex", "bmi"])


def test_earlier_runs_without_curves_by_group_say_so(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    for name in ("group_calibration", "site_funnel"):
        (folder / "share" / "curves" / f"{name}.csv").unlink()
    own = read_run_folder(folder)
    assert words_in(build_curves(own)) in (words.NO_CURVES_KEPT, words.NO_CURVES_POSSIBLE.format(least=20))
    assert words_in(build_sites(own)) in (words.NO_FUNNEL_KEPT, words.NO_SITES_EVALUATED)


def empty(run: RunFolder, *names: str, **changed: pd.DataFrame) -> RunFolder:
    """Return a run in which some tables have no row."""
    return replace(run, tables=run.tables | {name: run.tables[name].iloc[:0] for name in names} | changed)


def test_why_there_is_no_curve_is_one_reason(run: RunFolder) -> None:
    bare = empty(run, "group_calibration")
    assert words_in(build_curves(bare)) == words.NO_CURVES_KEPT
    rare = run.tables["evaluation"].assign(events=19.0)
    few = empty(run, "group_calibration", evaluation=rare)
    assert words_in(build_curves(few)) == words.NO_CURVES_POSSIBLE.format(least=20)


def test_why_there_is_no_funnel_is_one_reason(run: RunFolder) -> None:
    bare = empty(run, "site_funnel")
    assert words_in(build_sites(bare)) == words.NO_FUNNEL_KEPT
    evaluation = run.tables["evaluation"]
    without = empty(run, "site_funnel", evaluation=evaluation[evaluation["subgroup"] != "site"])
    assert words_in(build_sites(without)) == words.NO_SITES_EVALUATED


def test_without_event_rates_there_is_no_column_and_no_sentence_of_them(run: RunFolder) -> None:
    evaluation = run.tables["evaluation"]
    bare = empty(run, evaluation=evaluation[evaluation["metric"] != "event_rate"])
    for build in (build_conclusions, build_performance):
        for made, there in ((build(run), True), (build(bare), False)):
            own = [block for block in made if isinstance(block, Table) and SLUG in block.name]
            assert any("Observed risk" in block.columns for block in own) is there
    assert words.RISKS in words_in(build_performance(run))
    assert words.RISKS not in words_in(build_performance(bare))


def hold(run: RunFolder, *names: str) -> RunFolder:
    """Return a run whose models know some attributes, so that the folds hold the gaps of their groups."""
    gaps = run.tables["gaps"].copy()
    held = gaps["subgroup"].isin(names) & (gaps["status"] != "suppressed")
    gaps.loc[held, ["estimate", "lower", "upper", "largest_compatible"]] = math.nan
    gaps.loc[held, "status"] = "not informative"
    gaps.loc[held, "conclusion"] = "not informative internally"
    return empty(run, gaps=gaps)


def test_what_cannot_be_answered_is_said_first_and_leaves_no_empty_column(run: RunFolder) -> None:
    held = hold(run, "sex", "age", "site")
    first = build_target(held)[0]
    assert isinstance(first, Text)
    assert first.kind == "warning"
    assert "this audit cannot answer the question for these groups: Sex, Age (years) and Site." in first.text
    assert "outside data, or models without the attribute, are needed" in first.text
    table = next(block for block in build_conclusions(held) if isinstance(block, Table))
    titles = [f"{run.model_title(model)}: conclusion" for model in (REFERENCE, RIVAL)]
    assert table.columns == ("Group", "n", "Events", "Observed risk", *titles)
    assert all("Largest compatible gap" not in b.columns for b in build_gaps(held) if isinstance(b, Table))


@pytest.mark.parametrize(
    ("status", "expected"), [("not informative", "not informative internally"), ("not assessable", "not assessable")]
)
def test_a_gap_without_a_number_is_never_called_not_judged(run: RunFolder, status: str, expected: str) -> None:
    gaps = run.tables["gaps"].assign(conclusion="")
    gaps.loc[gaps["level"] == "B", "status"] = status
    found = list_judgements(empty(run, gaps=gaps))
    assert {one.conclusion for one in found if one.level == "B"} == {expected}
    assert {one.conclusion for one in found if one.level == "A"} == {"no margin in points"}


def test_what_can_be_answered_of_one_attribute_is_not_denied(run: RunFolder) -> None:
    texts = words_in(build_target(hold(run, "sex")))
    assert "cannot answer the question for these groups: Sex." in texts
    assert "cannot answer" not in words_in(build_target(run))


def test_an_attribute_whose_unknown_group_alone_is_judged_is_still_named(run: RunFolder) -> None:
    held = hold(run, "sex")
    gaps = held.tables["gaps"].copy()
    levels = [one for one in gaps.loc[gaps["subgroup"] == "sex", "level"].unique() if one != "(any)"]
    own = (gaps["subgroup"] == "sex") & (gaps["level"] == levels[-1])
    gaps.loc[own, ["level", "status", "conclusion"]] = ["unknown", "ok", "outside"]
    first = words_in(build_target(empty(held, gaps=gaps)))
    assert "cannot answer the question for these groups: Sex." in first
    assert words.BUT_UNKNOWN.format(names="Sex") in first
    assert "where a model does not see" not in words_in(build_target(held))


def test_a_gap_that_is_shown_and_inconclusive_is_called_both(run: RunFolder) -> None:
    gaps = run.tables["gaps"].copy()
    own = (gaps["level"] == "B") & (gaps["metric"] == CITL) & (gaps["model"] == REFERENCE)
    gaps.loc[own, ["estimate", "lower", "upper", "conclusion"]] = [0.2, 0.05, 0.35, "inconclusive"]
    changed = empty(run, gaps=gaps)
    blocks = build_conclusions(changed)
    table = next(block for block in blocks if isinstance(block, Table))
    cell = rows_of(table)["Site", "B"]["Conclusion"][0]
    assert (cell.text, cell.detail) == ("inconclusive", "a gap is shown; whether it exceeds the margin is open")
    assert "Of Site B" in words_in(blocks)
    assert "Of Site B" not in words_in(build_conclusions(hold(run, "site")))
    drawn = next(b for b in build_gaps(changed) if isinstance(b, Table) and b.name.startswith(f"gaps-{SLUG}-spline"))
    assert "a gap is shown" in rows_of(drawn)["Site", "B"]["Conclusion"][0].detail


def test_hidden_groups_have_one_word_and_a_note_of_every_reason(report: Report) -> None:
    for table in report.tables():
        hidden = {cell.text for row in table.rows for cell in row if cell.style == "suppressed"}
        assert hidden <= {"suppressed"}, table.name
        if hidden:
            note = " ".join(table.notes)
            assert "Suppressed: fewer than 5 operations, patients" in note, table.name
            assert "nobody or everybody had the event" in note
            assert "\u2020" not in note


def test_one_plan_has_one_line_that_says_it_is_the_same(run: RunFolder) -> None:
    developed = DevelopedFacts(title="Earlier", study_sha256=run.facts.study.sha256)
    own = replace(run, facts=run.facts.model_copy(update={"developed": developed, "kind": "evaluation"}))
    named = [name for name, value in list_hashes(own) if value == run.facts.study.sha256]
    assert named == ["Study plan of the development, which is the plan of this evaluation too"]
    assert "as declared by who ran it" in words_in(build_question(own))


def test_a_plan_without_groups_says_what_to_do(run: RunFolder) -> None:
    study = run.facts.study.model_copy(update={"subgroups": ()})
    bare = replace(run, facts=run.facts.model_copy(update={"study": study}))
    assert words.NO_GROUPS in words_in(build_target(bare))
    assert words.NO_GROUPS in words_in(build_question(bare))


def test_sites_that_the_models_know_have_no_funnel(run: RunFolder) -> None:
    funnel = run.tables["site_funnel"]
    held = funnel[funnel["part"] == "site"].assign(status="not informative")
    blocks = build_sites(replace(run, tables=run.tables | {"site_funnel": held}))
    assert words.FUNNEL_HELD in words_in(blocks)
    assert not [block for block in blocks if isinstance(block, Figure)]


# --- what is drawn


def test_a_panel_draws_the_curve_with_its_band_and_the_rival_without(run: RunFolder) -> None:
    frame = rows_where(run.tables["group_calibration"], subgroup="site", level="A", outcome=OUTCOME)
    ax = Canvas().add_subplot(1, 1, 1)
    pens = {REFERENCE: REFERENCE_PEN, RIVAL: PENS[0]}
    draw_group_curve(frame, ax, panel=Panel(title="A"), models=(REFERENCE, RIVAL), pens=pens, limit=1.0)
    for model, line in zip((REFERENCE, RIVAL), ax.lines[1:], strict=True):
        own = rows_where(frame, model=model)
        np.testing.assert_allclose(line.get_xdata(), own["predicted"])
        np.testing.assert_allclose(line.get_ydata(), own["observed"])
        assert line.get_color() == pens[model].color
    assert len(ax.collections) == 1
    edge = ax.collections[0].get_paths()[0].vertices
    reference = rows_where(frame, model=REFERENCE)
    assert edge[:, 1].max() == pytest.approx(reference["upper"].max())
    assert edge[:, 1].min() == pytest.approx(reference["lower"].min())


def test_a_panel_without_a_curve_holds_the_reason_alone(run: RunFolder) -> None:
    ax = Canvas().add_subplot(1, 1, 1)
    frame = run.tables["group_calibration"].iloc[:0]
    draw_group_curve(frame, ax, panel=Panel(title="B", missing="suppressed"), models=(), pens={}, limit=0.5)
    assert [text.get_text() for text in ax.texts] == ["suppressed"]
    assert not ax.lines


def test_the_funnel_draws_sites_and_limits(run: RunFolder) -> None:
    frame = rows_where(run.tables["site_funnel"], model=REFERENCE, outcome=OUTCOME)
    ax = Canvas().add_subplot(1, 1, 1)
    draw_site_funnel(frame, ax, pen=REFERENCE_PEN)
    marks = [line for line in ax.lines if line.get_marker() == REFERENCE_PEN.marker]
    drawn = {(round(x, 6), round(y, 6)) for line in marks for x, y in zip(*line.get_data(), strict=True)}
    sites = rows_where(frame, part="site", status="ok")
    assert drawn == {(round(x, 6), round(y, 6)) for x, y in zip(sites["precision"], sites["estimate"], strict=True)}
    assert "A" in [text.get_text() for text in ax.texts]
    dashed = [line for line in ax.lines if line.get_color() == PALETTE["soft"] and len(line.get_xdata()) > 2]
    limits = rows_where(frame, part="limit")
    np.testing.assert_allclose(dashed[0].get_ydata(), limits["lower"])
    np.testing.assert_allclose(dashed[1].get_ydata(), limits["upper"])


def test_panels_begin_a_row_with_every_attribute_and_a_figure_has_few_rows() -> None:
    levels = [("sex", "f"), ("sex", "m"), *(("site", f"S{k}") for k in range(22))]
    first, second = lay_out(levels)
    assert first[2][:3] == (1, 0, "site")
    assert max(row for row, *_ in first) == 4
    assert second[0] == (0, 0, "site", "S16")
    assert len(first) + len(second) == 24


def test_axes_end_at_a_tenth_above_every_curve() -> None:
    frame = pd.DataFrame({"predicted": [0.1, 0.32], "observed": [0.1, 0.3]})
    assert choose_limit(frame) == 0.4
    assert choose_limit(frame * 3) == 1.0
