"""The section on sites, from small made-up tables: what is drawn, printed, hidden and said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas
from test_reports_report import HIDDEN, make_facts

from reports.blocks import Block, Figure, Table, Text
from reports.figures.canvas import pens_of
from reports.figures.sites import draw_sites
from reports.run_facts import RunFacts
from reports.run_folder import RunFolder
from reports.sections.sites import NOT_ASKED, build_sites
from schemas.tables import CASE_MIX, META, SITES, VERDICTS

OUTCOME = "odi_improved_12m"
REFERENCE, RIVAL = "spline_logistic", "xgboost"
PLACES = ("A", "B", "2 sites together")
VALUES = {"c_statistic": 0.712, "calibration_slope": 0.95, "oe_ratio": 1.04, "calibration_in_the_large": 0.1,
          "brier_score": 0.21, "log_loss": 0.61}  # fmt: skip


def make_sites() -> list[dict[str, Any]]:
    rows = []
    for model, place in [(model, place) for model in (REFERENCE, RIVAL) for place in PLACES]:
        hidden = place == "B"
        base = {"outcome": OUTCOME, "model": model, "site": place, "merged": 1 + place.startswith("2"),
                "members": "C; D" if place.startswith("2") else place, "status": "suppressed" if hidden else "ok",
                "n": HIDDEN if hidden else 400.0, "events": HIDDEN if hidden else 220.0,
                "interval_kind": "" if hidden else "Wald"}  # fmt: skip
        for metric, value in VALUES.items():
            rows.append(base | {"reference": "", "metric": metric} | _ends(value, 0.05, hidden=hidden))
        if model == RIVAL:
            for metric, value in (("c_statistic", 0.004), ("log_loss", -0.0012)):
                rows.append(base | {"reference": REFERENCE, "metric": metric} | _ends(value, 0.003, hidden=hidden))
    return rows


def _ends(value: float, half: float, *, hidden: bool) -> dict[str, float]:
    if hidden:
        return dict.fromkeys(("estimate", "lower", "upper"), HIDDEN)
    return {"estimate": value, "lower": value - half, "upper": value + half}


def make_meta(n_sites: int = 7) -> list[dict[str, Any]]:
    base = {"outcome": OUTCOME, "validation": "internal-external", "scale": "identity", "n_sites": float(n_sites),
            "status": "ok", "interval_kind": f"REML, HKSJ standard error, t with {n_sites - 1} df", "tau": 0.04,
            "tau_lower": 0.01, "tau_upper": 0.09, "i_squared": 42.0}  # fmt: skip
    return [
        base | {"model": model, "reference": reference, "metric": metric, "statement": statement,
                "probability": probability, "prediction_lower": value - 0.08, "prediction_upper": value + 0.08}
        | _ends(value, 0.02, hidden=False)
        for model, reference, metric, value, statement, probability in (
            *((m, "", metric, value, "", np.nan) for m in (REFERENCE, RIVAL) for metric, value in VALUES.items()),
            (RIVAL, REFERENCE, "log_loss", -0.0012, "lower by more than 0.5 % (0.003)", 0.087),
        )
    ]  # fmt: skip


def make_case_mix() -> list[dict[str, Any]]:
    base = {"outcome": OUTCOME, "dataset": "development", "status": "ok", "interval_kind": "Wald", "n": 400.0}
    return [
        base | {"level": "A", "model": "", "statistic": "membership_c_statistic"} | _ends(0.61, 0.03, hidden=False),
        base | {"level": "A", "model": REFERENCE, "statistic": "sd_linear_predictor"} | _ends(0.8, 0.1, hidden=False),
        base | {"level": "A", "model": RIVAL, "statistic": "sd_linear_predictor"} | _ends(0.9, 0.1, hidden=False),
        base | {"level": "B", "model": REFERENCE, "statistic": "sd_linear_predictor", "status": "suppressed",
                "n": HIDDEN} | _ends(0.0, 0.0, hidden=True),
    ]  # fmt: skip


def make_run(
    sites: list[dict[str, Any]], meta: list[dict[str, Any]], case_mix: list[dict[str, Any]], **kinds: str
) -> RunFolder:
    facts = make_facts()
    facts["outcomes"] = [one | {"kind": kinds.get(one["name"], one["kind"])} for one in facts["outcomes"]]
    made = {"sites": (sites, SITES), "meta": (meta, META), "case_mix": (case_mix, CASE_MIX)}
    made["verdicts"] = ([], VERDICTS)
    tables = {name: pd.DataFrame(rows, columns=list(columns)) for name, (rows, columns) in made.items()}
    for frame in tables.values():
        for name in ("reference", "model", "statement", "interval_kind", "members", "level", "dataset"):
            if name in frame:
                frame[name] = frame[name].fillna("").astype(str)
        for name in ("threshold_probability", "probability", "prediction_lower", "prediction_upper", "tau"):
            if name in frame:
                frame[name] = frame[name].astype(float)
    return RunFolder(facts=RunFacts.model_validate(facts), study_text="", tables=tables)


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    return build_sites(make_run(make_sites(), make_meta(), make_case_mix()))


def words(blocks: list[Block]) -> str:
    parts = [block.text for block in blocks if isinstance(block, Text)]
    for table in (block for block in blocks if isinstance(block, Table)):
        parts += [table.caption, *table.columns, *table.notes]
        parts += [f"{cell.text} {cell.detail}" for row in table.rows for cell in row]
    return "\n".join(parts)


def find_table(blocks: list[Block], name: str) -> Table:
    (found,) = [block for block in blocks if isinstance(block, Table) and block.name.startswith(name)]
    return found


def test_without_sites_one_sentence_says_how_to_ask():
    (only,) = build_sites(make_run([], [], []))
    assert isinstance(only, Text)
    assert only.text == NOT_ASKED
    assert "[internal_external]" in only.text


def test_where_no_site_could_be_left_out_the_reason_is_said():
    run = make_run([], [], [])
    notes = ("another note", "no site is left out in turn, though the study asks for it: no column site")
    study = run.facts.study.model_copy(update={"internal_external": True})
    facts = run.facts.model_copy(update={"study": study, "notes": notes})
    (only,) = build_sites(RunFolder(facts=facts, study_text="", tables=run.tables))
    assert isinstance(only, Text)
    assert only.text == (
        "The study asks for every site to be left out in turn; here no site could be. No site is left out in turn, "
        "though the study asks for it: no column site."
    )


def test_case_mix_of_a_dataset_stands_without_sites():
    row = make_case_mix()[0] | {"dataset": "north_2023", "level": "all"}
    blocks = build_sites(make_run([], [], [row]))
    assert [cell.text for cell in find_table(blocks, "case-mix").rows[0]][:3] == ["north_2023, all", "400", "0.610"]


def test_the_difference_in_a_new_site_is_said_first(blocks: list[Block]):
    text = next(b.text for b in blocks if isinstance(b, Text) and "in a new site" in b.text and "against" in b.text)
    assert text.startswith("XGBoost against Logistic regression, splines, over 7 sites: difference in log loss")
    assert "\u22120.0012 (95 % CI \u22120.0212 to 0.0188); in a new site \u22120.0812 to 0.0788." in text
    assert text.endswith("lower by more than 0.5 % (0.003) is 9 %.")


def test_tables_are_whole(blocks: list[Block]):
    for table in (block for block in blocks if isinstance(block, Table)):
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)}
    names = [block.name for block in blocks if not isinstance(block, Text)]
    assert len(set(names)) == len(names)


def test_hidden_numbers_are_nowhere(blocks: list[Block]):
    everything = words(blocks) + "".join(b.svg + b.description for b in blocks if isinstance(b, Figure))
    assert str(int(HIDDEN)) not in everything.replace("\u202f", "").replace(",", "")
    assert "suppressed" in everything
    assert "Suppressed: fewer than 5" in everything


def test_merged_sites_are_named(blocks: list[Block]):
    assert [cell.text for cell in find_table(blocks, "sites-merged").rows[0]] == ["2 sites together", "C, D"]


def test_the_summary_prints_interval_prediction_interval_and_spread(blocks: list[Block]):
    table = find_table(blocks, "sites-summary")
    row = next(row for row in table.rows if row[0].text == "c-statistic")
    assert [cell.text for cell in row[1:5]] == ["7", "0.712", "0.632 to 0.792", "0.040"]
    assert (row[2].detail, row[4].detail) == ("0.692 to 0.732", "0.010 to 0.090")
    assert any("not to be read alone" in note for note in table.notes)


@pytest.mark.parametrize(("n_sites", "expected"), [(7, False), (4, True)])
def test_few_sites_are_said_to_be_hardly_informative(n_sites: int, expected: bool):
    blocks = build_sites(make_run(make_sites(), make_meta(n_sites), []))
    notes = find_table(blocks, "sites-summary").notes
    assert any("hardly informative" in note for note in notes) == expected


def test_no_summary_is_said_in_words():
    reason = "one site with a standard error: no summary over sites"
    meta = [row | {"status": "not assessable", "n_sites": 1.0, "interval_kind": reason} for row in make_meta()]
    blocks = build_sites(make_run(make_sites(), meta, []))
    assert f"no summary over sites ({reason})" in words(blocks)
    assert "not assessable" in words(blocks)


def test_a_score_has_measures_of_its_own():
    risk_to_score = {"c_statistic": "mae", "calibration_slope": "score_slope", "oe_ratio": "mean_difference",
                     "log_loss": "mae"}  # fmt: skip
    kept = ("c_statistic", "calibration_slope", "oe_ratio")

    def turn(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        own = [row for row in rows if row["metric"] in kept and not row["reference"]]
        own += [row for row in rows if row["metric"] == "log_loss" and row["reference"]]
        return [row | {"metric": risk_to_score[row["metric"]]} for row in own]

    blocks = build_sites(make_run(turn(make_sites()), turn(make_meta()), [], **{OUTCOME: "score"}))
    text = words(blocks)
    assert "difference in MAE" in text
    assert "c-statistic" not in "".join(find_table(blocks, "sites-summary").columns)
    assert "Events" not in find_table(blocks, f"sites-{OUTCOME.replace('_', '-')}-{RIVAL}").columns


def test_the_forest_shows_sites_the_mean_and_the_prediction_interval():
    run = make_run(make_sites(), make_meta(), [])
    frame = run.tables["sites"].query("reference == '' and metric == 'c_statistic'")
    meta = run.tables["meta"].query("reference == '' and metric == 'c_statistic'")
    ax = Canvas().add_subplot()
    pens = pens_of([REFERENCE, RIVAL], REFERENCE)
    draw_sites(frame, meta, ax, metric="c_statistic", sites=PLACES, models=(REFERENCE,), pens=pens)
    points = [line.get_xydata().tolist() for line in ax.lines if line.get_marker() == "o"]
    assert points == [[[0.712, 0]], [[0.712, 2]], [[0.712, 3]]]  # B is hidden; the mean stands below the sites
    ends = [line.get_xydata().tolist() for line in ax.lines if line.get_alpha() == 0.35]
    np.testing.assert_allclose(ends, [[[0.632, 4], [0.792, 4]]])


def test_the_margin_is_drawn_on_the_side_of_a_gain():
    run = make_run(make_sites(), make_meta(), [])
    frame = run.tables["sites"].query("reference != '' and metric == 'log_loss'")
    meta = run.tables["meta"].query("reference != ''")
    ax = Canvas().add_subplot()
    pens = pens_of([REFERENCE, RIVAL], REFERENCE)
    draw_sites(frame, meta, ax, metric="log_loss", sites=PLACES, models=(RIVAL,), pens=pens, margin=0.003)
    assert -0.003 in {line.get_xdata()[0] for line in ax.lines}


def test_the_same_run_gives_the_same_bytes(blocks: list[Block]):
    again = build_sites(make_run(make_sites(), make_meta(), make_case_mix()))
    assert [b.svg for b in again if isinstance(b, Figure)] == [b.svg for b in blocks if isinstance(b, Figure)]
