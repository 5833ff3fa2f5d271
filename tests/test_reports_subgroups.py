"""The report's section on subgroups: what is known of each group first, then gaps with a conclusion in words."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas
from scipy.special import expit
from test_reports_report import REFERENCE, write_run

from pipelines.subgroups import audit_subgroups
from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import REFERENCE_PEN
from reports.figures.forest import draw_gaps
from reports.run_folder import RunFolder, read_run_folder
from reports.sections import subgroup_words as words
from reports.sections.subgroup_tables import format_p
from reports.sections.subgroups import build_subgroups
from schemas.tables import ASCERTAINMENT, GAPS

OUTCOME = "reoperation_24m"
KEY = {"outcome": OUTCOME, "dataset": "development"}
SITES = {"A": 0.9, "B": 0.0, "C": 0.0, "D": 0.0}


@pytest.fixture(scope="module")
def gaps() -> pd.DataFrame:
    """Return an audit of simulated predictions: site A is far off, D has eight events, three have no known sex."""
    rng = np.random.default_rng(5)
    site = np.repeat(list(SITES), [1500, 1500, 1500, 60])
    n = site.size
    predicted = rng.normal(-1.0, 1.0, n)
    y = (rng.random(n) < expit(predicted + np.array([SITES[name] for name in site]))).astype(float)
    y[site == "D"] = np.repeat([1.0, 0.0], [8, 52])
    sex = rng.choice(["female", "male"], n).astype(object)
    sex[:3] = "unknown"
    table = pd.DataFrame(
        {
            "row_id": np.arange(n), "patient": np.arange(n), "model": REFERENCE, "validation": "internal", "repeat": 0,
            "fold": rng.integers(0, 5, n), "imputation": 0, "y_true": y, "y_prob": expit(predicted), "y_pred": np.nan,
            "scale": "probability", "weight": 1.0, "n_train": 100, "site": site, "sex": sex,
            "age": rng.choice(["under 50", "50 to under 65", "65 and over"], n), **KEY,
        }
    )  # fmt: skip
    return audit_subgroups(table, subgroups=("site", "sex", "age"), margin=0.2, seed=1)


def ascertain() -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {"level": "female", "n": 900, "n_known": 810, "percent_known": 90.0, "lower": 87.9, "upper": 91.8,
         "percent_predictors_missing": 2.1, "status": "ok"},
        {"level": "unknown", "status": "suppressed"},
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(ASCERTAINMENT)).assign(subgroup="sex", **KEY)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, gaps: pd.DataFrame) -> RunFolder:
    folder = write_run(tmp_path_factory.mktemp("runs") / "one")
    gaps.to_csv(folder / "share" / "gaps.csv", index=False)
    ascertain().to_csv(folder / "share" / "ascertainment.csv", index=False)
    return read_run_folder(folder)


@pytest.fixture(scope="module")
def blocks(run: RunFolder) -> list[Block]:
    return build_subgroups(run)


def table_of(blocks: list[Block], name: str) -> Table:
    return next(block for block in blocks if isinstance(block, Table) and block.name == name)


def row_of(table: Table, first: str) -> dict[str, Cell]:
    cells = next(row for row in table.rows if row[0].text == first)
    return dict(zip(table.columns, cells, strict=True))


def said(blocks: list[Block]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Text))


def test_what_is_known_of_each_group_stands_before_any_model(blocks: list[Block]) -> None:
    names = [block.name for block in blocks if isinstance(block, Table | Figure)]
    place = names.index("ascertainment-reoperation-24m-development")
    assert place < next(i for i, name in enumerate(names) if "reoperation" in name and name.startswith("subgroup"))
    table = table_of(blocks, "ascertainment-reoperation-24m-development")
    female = row_of(table, "female")
    assert female["Per cent known (95 % interval)"].text == "90.0 (87.9 to 91.8)"
    assert female["Predictor values missing, %"].text == "2.1"
    hidden = row_of(table, "unknown")
    assert [cell.text for cell in hidden.values()][1:] == ["suppressed"] * 4


def test_each_group_has_a_gap_with_interval_conclusion_and_the_largest_that_is_compatible(
    blocks: list[Block], gaps: pd.DataFrame
) -> None:
    table = table_of(blocks, f"subgroups-reoperation-24m-internal-development-{REFERENCE.replace('_', '-')}")
    far = row_of(table, "A")
    own = gaps[(gaps["level"] == "A") & (gaps["metric"] == "calibration_in_the_large")].iloc[0]
    assert far["Conclusion"].text == "outside the margin"
    assert far["Gap in calibration in the large"].text == f"{own['estimate']:.2f}"
    assert far["Gap in calibration in the large"].detail == f"{own['lower']:.2f} to {own['upper']:.2f}"
    assert far["Largest compatible gap"].text == f"{own['upper']:.2f}"
    assert (far["p"].text, far["p"].detail) == ("< 0.001", "adjusted < 0.001")
    few = row_of(table, "D")
    assert few["Conclusion"].text == few["Gap in calibration in the large"].text == "not assessable"
    assert row_of(table, "50 to under 65")["Conclusion"].text == "equivalent within the margin"


def test_hidden_groups_have_no_number_and_no_conclusion(blocks: list[Block]) -> None:
    table = table_of(blocks, f"subgroups-reoperation-24m-internal-development-{REFERENCE.replace('_', '-')}")
    cells = list(row_of(table, "unknown").values())[1:]
    assert not any(re.search(r"\d", cell.text + cell.detail) for cell in cells)
    assert row_of(table, "unknown")["Conclusion"].text == "\u2013"


def test_largest_gap_of_an_attribute_is_said_in_words_and_ends_its_rows(blocks: list[Block]) -> None:
    assert re.search(
        r"Site: largest gap \d\.\d\d \(95 % CI for all groups at once \d\.\d\d to \d\.\d\d\), outside the margin\.",
        said(blocks),
    )
    table = table_of(blocks, f"subgroups-reoperation-24m-internal-development-{REFERENCE.replace('_', '-')}")
    names = [row[0].text for row in table.rows]
    assert names[names.index("Site") :][:6] == ["Site", "A", "B", "C", "D", "largest gap"]
    assert any("simultaneous over groups" in note for note in table.notes)
    assert any("Holm over 3 groups" in note for note in table.notes)


def test_tests_and_precision_stand_closed_beneath(blocks: list[Block]) -> None:
    slug = f"reoperation-24m-internal-development-{REFERENCE.replace('_', '-')}"
    tests = table_of(blocks, f"subgroup-tests-{slug}")
    assert tests.folded
    assert row_of(tests, "Site")["Calibration in the large"].text == "< 0.001"
    assert row_of(tests, "Site")["Slope"].detail.endswith("2 df")
    assert row_of(tests, "Sex")["Slope"].text == "not assessable"
    precision = table_of(blocks, f"subgroup-precision-{slug}")
    assert precision.folded
    assert re.fullmatch(r"0\.\d\d", row_of(precision, "A")["Expected half-width of log O:E"].text)
    pooled = row_of(precision, "D")["Calibration in the large, partially pooled"]
    assert pooled.detail


def test_no_sentence_calls_a_model_fair_and_the_limits_of_an_audit_are_said(blocks: list[Block]) -> None:
    text = said(blocks)
    for sentence in (words.NOT_FAIR, words.IMPOSSIBLE, words.LABEL_BIAS, words.PROCEDURE, words.MULTIPLICITY):
        assert sentence in text
    assert "margin of 0.2 set in the study plan" in text
    assert not re.search(r"\b(fair|unfair|unbiased|no significant)\b", text, re.IGNORECASE)


def test_a_run_without_an_audit_says_how_to_ask_for_one(run: RunFolder) -> None:
    none = {name: run.tables[name].iloc[:0] for name in ("gaps", "ascertainment")}
    blocks = build_subgroups(replace(run, tables=run.tables | none))
    assert words.EMPTY in said(blocks)
    assert not [b for b in blocks if isinstance(b, Table) and b.name.startswith(("subgroup-", "ascertainment"))]
    tables = [b for b in blocks if isinstance(b, Table)]
    assert tables
    assert not any("Gap" in column for table in tables for column in table.columns)


def test_a_study_without_subgroups_says_so(run: RunFolder) -> None:
    study = run.facts.study.model_copy(update={"subgroups": ()})
    blocks = build_subgroups(replace(run, facts=run.facts.model_copy(update={"study": study})))
    assert said(blocks) == "The study declares no subgroup."


def test_consequences_at_each_threshold_stand_by_group(run: RunFolder) -> None:
    base = {**KEY, "model": REFERENCE, "validation": "internal", "subgroup": "sex", "n": 900.0, "events": 80.0,
            "interval_kind": "Wilson", "interval_target": "the procedure", "threshold_set": ""}  # fmt: skip
    rows = [
        base | {"level": level, "metric": metric, "threshold_probability": 0.1, "estimate": 0.5, "lower": 0.4,
                "upper": 0.6, "status": status}
        for level, status in (("female", "ok"), ("male", "suppressed"))
        for metric in ("sensitivity", "specificity", "share_acted_on", "net_benefit")
    ]  # fmt: skip
    evaluation = pd.concat([run.tables["evaluation"], pd.DataFrame(rows)], ignore_index=True)
    blocks = build_subgroups(replace(run, tables=run.tables | {"evaluation": evaluation}))
    table = table_of(
        blocks, f"subgroup-threshold-reoperation-24m-internal-development-{REFERENCE.replace('_', '-')}-0-1"
    )  # fmt: skip
    female, male = row_of(table, "female"), row_of(table, "male")
    assert female["Sensitivity, 0.1"].detail == "0.400 to 0.600"
    assert {cell.text for cell in list(male.values())[1:]} == {"suppressed"}
    assert "probability is at or above 0.1, by group" in table.caption
    assert words.WANTED not in table.notes
    outcomes = tuple(outcome.model_copy(update={"acts_below": True}) for outcome in run.facts.outcomes)
    below = replace(run, facts=run.facts.model_copy(update={"outcomes": outcomes}))
    blocks = build_subgroups(replace(below, tables=run.tables | {"evaluation": evaluation}))
    acted = table_of(blocks, table.name)
    assert "probability is below 0.1, by group" in acted.caption
    assert acted.notes[0] == words.WANTED
    assert acted.rows == table.rows


def test_two_thresholds_stand_side_by_side_and_levels_without_numbers_together(run: RunFolder) -> None:
    base = {**KEY, "model": REFERENCE, "validation": "internal", "subgroup": "site", "n": 90.0, "events": 20.0,
            "interval_kind": "Wilson", "interval_target": "", "threshold_set": "", "metric": "net_benefit",
            "estimate": 0.1, "lower": 0.0, "upper": 0.2}  # fmt: skip
    rows = [
        base | {"level": level, "threshold_probability": at, "status": status}
        for level, status in (("A", "ok"), ("B", "ok"), ("C", "suppressed"), ("D", "suppressed"))
        for at in (0.05, 0.1, 0.2)
    ]
    evaluation = pd.concat([run.tables["evaluation"], pd.DataFrame(rows)], ignore_index=True)
    blocks = build_subgroups(replace(run, tables=run.tables | {"evaluation": evaluation}))
    slug = f"subgroup-threshold-reoperation-24m-internal-development-{REFERENCE.replace('_', '-')}"
    pair, single = table_of(blocks, f"{slug}-0-05-0-1"), table_of(blocks, f"{slug}-0-2")
    assert pair.columns == ("Level", "Net benefit, 0.05", "Net benefit, 0.1")
    assert single.columns == ("Level", "Net benefit, 0.2")
    assert [row[0].text for row in pair.rows] == ["Site", "A", "B", "C, D"]


def hold_age(run: RunFolder) -> RunFolder:
    """Return the run as if age were a predictor."""
    fixed = ("oe_ratio", "calibration_in_the_large", "log_oe_ratio")
    tables = {}
    for name in ("evaluation", "gaps"):
        table = run.tables[name].copy()
        held = (table["subgroup"] == "age") & table["metric"].isin(fixed) & (table["status"] == "ok")
        table.loc[held, ["lower", "upper"]] = np.nan
        table.loc[held, "status"] = "not informative"
        if name == "gaps":
            table.loc[held & (table["conclusion"] != ""), "conclusion"] = "not informative internally"
            table.loc[held, ["largest_compatible", "p_value", "p_adjusted"]] = np.nan
        tables[name] = table
    return replace(run, tables=run.tables | tables)


def test_the_group_of_unknown_age_that_is_judged_is_excepted(run: RunFolder) -> None:
    held = hold_age(run)
    table = held.tables["evaluation"].copy()
    fixed = table[(table["status"] == "not informative") & (table["subgroup"] == "age")].head(1)
    extra = fixed.assign(level="unknown", status="ok", validation="internal", estimate=0.9, lower=0.8, upper=1.0)
    more = replace(held, tables=held.tables | {"evaluation": pd.concat([table, extra], ignore_index=True)})
    but = words.HELD_BUT_UNKNOWN.format(names=run.predictor_title("age")).strip()
    assert but in said(build_subgroups(more))
    assert but not in said(build_subgroups(held))


def test_what_folds_hold_is_explained_and_has_no_number(run: RunFolder, blocks: list[Block]) -> None:
    held = build_subgroups(hold_age(run))
    assert words.HELD.format(names=run.predictor_title("age"), are="is") in said(held)
    assert "known to the models as a predictor" not in said(blocks)
    assert f"{run.predictor_title('age')}: not informative internally." in said(held)
    table = table_of(held, f"subgroups-reoperation-24m-internal-development-{REFERENCE.replace('_', '-')}")
    row = row_of(table, "50 to under 65")
    assert {row[column].text for column in ("O:E", "Gap in calibration in the large", "Conclusion")} == {
        "not informative"
    }
    assert row["Largest compatible gap"].text == row["p"].text == "\u2013"
    assert re.match(r"[\d\u2212]", row["Calibration slope"].text)


def test_only_the_reference_and_the_rival_of_the_verdict_are_printed(run: RunFolder, blocks: list[Block]) -> None:
    rivals = set(run.tables["verdicts"].query("role == 'primary'")["model"])
    allowed = {model.replace("_", "-") for model in {REFERENCE, *rivals}}
    printed = [b.name for b in blocks if isinstance(b, Table) and b.name.startswith("subgroups-")]
    assert printed
    assert all(any(name.endswith(model) for model in allowed) for name in printed)
    assert len(set(run.tables["evaluation"]["model"])) > len(allowed)
    assert "share/evaluation.csv and share/gaps.csv" in said(blocks)
    assert "How stable the predictions of a group are under resampling is not given" in said(blocks)


def test_sites_that_were_left_out_are_printed_once_elsewhere(run: RunFolder) -> None:
    own = run.tables["evaluation"].query("validation == 'internal' and outcome == @OUTCOME")
    evaluation = pd.concat([run.tables["evaluation"], own.assign(validation="internal-external")], ignore_index=True)
    blocks = build_subgroups(replace(run, tables=run.tables | {"evaluation": evaluation}))
    tables = [b for b in blocks if isinstance(b, Table | Figure) and "internal-external" in b.name]
    assert [table.name for table in tables] == [
        f"subgroups-reoperation-24m-internal-external-development-{REFERENCE.replace('_', '-')}"
    ]
    assert isinstance(tables[0], Table)
    assert "Site" not in [row[0].text for row in tables[0].rows]
    assert words.LEFT_OUT in said(blocks)


def test_forest_of_gaps_draws_estimates_intervals_and_the_margin(gaps: pd.DataFrame) -> None:
    ax = Canvas().add_subplot(1, 1, 1)
    frame = gaps[gaps["metric"] == "calibration_in_the_large"]
    levels = (("site", ""), ("site", "A"), ("site", "D"))
    draw_gaps(frame, ax, metric="calibration_in_the_large", levels=levels, pen=REFERENCE_PEN, margin=0.2)
    own = frame[frame["level"] == "A"].iloc[0]
    drawn = {tuple(np.asarray(line.get_xdata(), dtype=float).round(6)) for line in ax.lines}
    assert tuple(np.round([own["lower"], own["upper"]], 6)) in drawn
    band = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((-0.2, 0.2))
    assert "not assessable" in [text.get_text() for text in ax.texts]


def test_forest_of_the_reference_describes_every_group(blocks: list[Block]) -> None:
    figure = next(b for b in blocks if isinstance(b, Figure) and b.name.startswith("subgroup-forest-reoperation"))
    assert "The shaded band is the margin of 0.2" in figure.caption
    assert "Site D not assessable" in figure.description
    assert "Gap in calibration in the large" in figure.description


def test_p_values_are_never_printed_as_zero() -> None:
    assert [format_p(value) for value in (0.0, 0.00099, 0.0123, 1.0, np.nan)] == [
        "< 0.001", "< 0.001", "0.012", "1.000", "",
    ]  # fmt: skip


def test_columns_of_gaps_are_read_as_numbers_and_texts(run: RunFolder, gaps: pd.DataFrame) -> None:
    read = run.tables["gaps"]
    assert tuple(read.columns) == GAPS
    for name in ("estimate", "largest_compatible", "p_value", "p_adjusted", "margin", "n"):
        np.testing.assert_allclose(read[name], gaps[name].astype(float))
    assert read["conclusion"].isin(["", *words.CONCLUSIONS]).all()


def test_the_run_folder_is_read_from_files(tmp_path: Path) -> None:
    assert build_subgroups(read_run_folder(write_run(tmp_path / "run")))
