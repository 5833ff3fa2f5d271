"""Given predictions at the command line: what is printed and written, and what is refused in which words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.given_predictions import compare_predictions, evaluate_predictions
from schemas.errors import DataError, StudyError
from schemas.tables import EVALUATION
from spinerisk.evaluating import check_output, evaluate_file, read_thresholds, tabulate_evaluation

SIM_VAL = Path(__file__).parent / "oracles" / "data" / "sim_val.csv"


def spinerisk(*arguments: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spinerisk", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=folder)


def write_table(folder: Path, **columns: Any) -> Path:
    """A file of 40 operations with risks of two models, changed as asked."""
    rng = np.random.default_rng(1)
    y = np.arange(40) % 2
    table: dict[str, Any] = {
        "y_true": y,
        "y_prob": np.round(np.clip(0.3 + 0.3 * y + rng.normal(0, 0.15, 40), 0.01, 0.99), 3),
        "other": np.round(rng.uniform(0.2, 0.8, 40), 3),
    }
    path = folder / "predictions.csv"
    pd.DataFrame(table | columns).to_csv(path, index=False)
    return path


def change(values: Any, at: int, value: Any) -> list[Any]:
    changed = list(values)
    changed[at] = value
    return changed


def test_command_prints_and_writes_what_the_function_returns(tmp_path: Path) -> None:
    out = tmp_path / "new" / "mine.csv"
    done = spinerisk(
        "evaluate", SIM_VAL, "--outcome", "y", "--risk", "p1", "--risk", "p2", "--reference", "p2",
        "--thresholds", "0.255,0.105", "--out", out,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert any(line.startswith("performance: n 1,200, events 357") for line in lines)
    assert any(line.startswith("differences: model minus p2") for line in lines)
    assert any("C-statistic" in line and "0.741 (0.709 to 0.770)" in line for line in lines)
    assert any("Net benefit at 0.255" in line for line in lines)
    assert "note: intervals are 95 %, about these fixed risks in patients like these" in lines
    data = pd.read_csv(SIM_VAL)
    expected = compare_predictions(
        data["y"], {"p1": data["p1"], "p2": data["p2"]}, reference="p2", thresholds=[0.105, 0.255]
    )
    assert any(line.startswith("net benefit, beside acting on everyone and on nobody") for line in lines)
    (headers,) = (line.replace("┃", " ").split() for line in lines if "treat_all" in line)
    assert headers == ["measure", "p1", "p2", "treat_all", "treat_none", "interval"]
    rate, odds = float(data["y"].mean()), 0.255 / 0.745
    assert any("Net benefit at 0.255" in line and f"{rate - (1 - rate) * odds:.3f}" in line for line in lines)
    written = pd.read_csv(out)
    assert tuple(written.columns) == EVALUATION
    assert set(written["model"]) == {"p1", "p2", "treat_all", "treat_none"}
    written = written[written["model"].isin(["p1", "p2"])]
    pd.testing.assert_series_equal(written["metric"], expected["metric"], check_dtype=False)
    np.testing.assert_allclose(written["estimate"], expected["estimate"].astype(float), rtol=1e-12)


def test_one_model_by_the_usual_names_as_json(tmp_path: Path) -> None:
    path = write_table(tmp_path)
    done = spinerisk("evaluate", path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    data = pd.read_csv(path)
    expected = evaluate_predictions(data["y_true"], data["y_prob"])
    assert [row["metric"] for row in said["evaluation"]] == expected["metric"].tolist()
    assert {row["model"] for row in said["evaluation"]} == {"y_prob"}
    first = said["evaluation"][0]
    assert set(first) == set(EVALUATION)
    assert first["estimate"] == pytest.approx(expected.loc[0, "estimate"])
    assert first["threshold_probability"] is None
    assert first["n"] == 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--risk", "y_probs"), "the column --risk must be a known name, got 'y_probs'; nearest is 'y_prob'"),
        (("--outcome", "y_tru"), "the column --outcome must be a known name, got 'y_tru'; nearest is 'y_true'"),
        (("--weights", "w"), "the column --weights must be a known name, got 'w'"),
        (("--reference", "other"), "the model --reference must be a known name, got 'other'; known: y_prob"),
        (("--thresholds", "0.1;0.2"), "the thresholds must be numbers between commas, such as 0.1,0.2"),
        (("--thresholds", "10"), "thresholds must be probabilities above 0 and below 1, got 10; divide percentages by"),
        (("--thresholds", "0,0.5"), "thresholds must be probabilities above 0 and below 1, got 0; drop the ends"),
        (("--out", "mine.xlsx"), "the evaluation must be written to a CSV file, got 'mine.xlsx'"),
        (("--decimal", "x"), "decimal: must be '.' or ','"),
        (
            ("--out", "predictions.csv"),
            "the file --out must be new, got 'predictions.csv'; name another, or add --over",
        ),
        (("--riks", "other"), "No such option"),
    ],
)
def test_command_refuses(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    path = write_table(tmp_path)
    done = spinerisk("evaluate", path, *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [path]


def test_a_wrong_file_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path)
    done = spinerisk("evaluate", tmp_path / "prediction.csv")
    assert done.returncode == 2
    assert "the data must be a readable file" in done.stderr
    assert "nearest is 'predictions.csv'" in done.stderr


HALF = [0.5] * 40


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (
            {"y_prob": change(change(HALF, 4, 1.2), 6, -0.1)},
            {},
            r"^y_prob: must be a risk from 0 to 1, got 2 other values; look at data rows 5, 7 \(1 is the first under",
        ),
        (
            {"y_prob": [50.5] * 40},
            {},
            r"y_prob: must be a risk from 0 to 1 \(divide percentages by 100\), got 40 other",
        ),
        (
            {"y_prob": change(HALF, 2, "")},
            {},
            "y_prob: must be a predicted risk in every row, got none in 1; .* row 3 ",
        ),
        ({"y_prob": change(HALF, 2, "high")}, {}, "y_prob: must be a risk from 0 to 1, got 1 other value; .* row 3 "),
        (
            {"y_true": change([0, 1] * 20, 9, 2)},
            {},
            r"y_true: must be 0, 1 or blank \(unknown\), got 1 other value; .* row 10 ",
        ),
        (
            {"y_true": [""] * 40},
            {},
            "y_true: the outcome must be known for some rows, got none; name another --outcome",
        ),
        (
            {"w": change([1] * 40, 0, -1)},
            {"weights": "w"},
            r"^w: must be a weight of 0 or more, got 1 other value; look at data row 1 \(",
        ),
        ({"patient": change(["p"] * 40, 1, "")}, {}, "patient: must be a patient in every row, got none in 1"),
        ({"model": ["a", "b"] * 20}, {}, "the file must have one row per operation and a column of risks per model"),
        ({}, {"risks": ["y_prob", "y_prob"]}, "each column --risk must be named once, got twice: y_prob"),
        ({}, {"risks": ["treat_all"]}, "the column --risk must be a known name"),
        (
            {"treat_all": HALF},
            {"risks": ["treat_all"]},
            "no column --risk may be called as acting on everyone or nobody is, got 'treat_all'; rename",
        ),
        (
            {"y_prob": ["0,5"] * 40},
            {},
            r"y_prob: must be a risk from 0 to 1 \(add --decimal , for numbers with a decimal",
        ),
        ({"w": ["0,5"] * 40}, {"weights": "w"}, r"w: must be a weight of 0 or more \(add --decimal , for"),
        ({}, {"risks": ["y_true"]}, "the columns --outcome and --risk must differ, got 'y_true' for both"),
    ],
)
def test_values_are_refused_by_row_and_never_printed(
    tmp_path: Path, columns: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        evaluate_file(write_table(tmp_path, **columns), **options)
    assert "1.2" not in str(caught.value)
    assert "high" not in str(caught.value)


def test_what_programs_write_is_read(tmp_path: Path) -> None:
    """TRUE and FALSE, NA, and a decimal comma behind semicolons."""
    plain = write_table(tmp_path)
    data = pd.read_csv(plain)
    expected = evaluate_file(plain).table
    words = data.assign(y_true=np.where(data["y_true"] == 1, "TRUE", "FALSE"))
    unknown = pd.DataFrame({"y_true": ["NA"] * 7, "y_prob": [0.3] * 7, "other": [0.4] * 7})
    pd.concat([words, unknown]).to_csv(tmp_path / "r.csv", index=False)
    found = evaluate_file(tmp_path / "r.csv")
    pd.testing.assert_frame_equal(found.table, expected)
    assert "7 rows of unknown outcome were left out" in found.notes
    data.to_csv(tmp_path / "comma.csv", index=False, sep=";", decimal=",")
    pd.testing.assert_frame_equal(evaluate_file(tmp_path / "comma.csv", decimal=",").table, expected)
    data.to_csv(tmp_path / "semicolon.csv", index=False, sep=";")
    pd.testing.assert_frame_equal(evaluate_file(tmp_path / "semicolon.csv", separator=";").table, expected)


def test_small_counts_are_hidden_everywhere(tmp_path: Path) -> None:
    path = write_table(tmp_path, y_true=[*["1"] * 3, *["0"] * 34, *["NA"] * 3])
    found = evaluate_file(path, risks=["y_prob", "other"], thresholds=[0.3])
    assert set(found.table["status"]) == {"suppressed"}
    assert "fewer than 5 rows of unknown outcome were left out" in found.notes
    tables = tabulate_evaluation(found)
    assert next(iter(tables)) == "performance: n suppressed, events suppressed"
    assert {row["other"] for rows in tables.values() for row in rows} == {"suppressed"}


def test_patients_and_weights_are_taken_and_said(tmp_path: Path) -> None:
    path = write_table(tmp_path, patient=[f"p{k // 2}" for k in range(40)], w=[0, *[2] * 39])
    found = evaluate_file(path, weights="w")
    assert "rows of one patient are taken together (patient)" in found.notes
    assert "rows are weighted (w); the weights are taken as given" in found.notes
    assert "fewer than 5 rows of weight 0 were left out" in found.notes
    kinds = found.table.set_index("metric")["interval_kind"]
    assert kinds["brier_score"] == "Wald, cluster-robust by patient"
    assert set(found.table["n"]) == {39}


def test_thresholds_are_read_in_order() -> None:
    assert read_thresholds(" 0.2, 0.1,0.2,") == (0.1, 0.2)
    assert read_thresholds("") == ()
    with pytest.raises(StudyError, match=r"such as 0\.1,0\.2, got 'a few'"):
        read_thresholds("a few")


@pytest.mark.parametrize("decimal", [".", ","])
def test_semicolons_are_explained(tmp_path: Path, decimal: str) -> None:
    pd.read_csv(write_table(tmp_path)).to_csv(tmp_path / "mine.csv", index=False, sep=";", decimal=decimal)
    with pytest.raises(DataError, match=r"add --decimal , where numbers have a decimal comma, else --separator ';'"):
        evaluate_file(tmp_path / "mine.csv")
    if decimal == ",":
        with pytest.raises(DataError, match=r"y_prob: must be a risk from 0 to 1 \(add --decimal , for"):
            evaluate_file(tmp_path / "mine.csv", separator=";")


def test_a_file_that_is_there_is_replaced_only_where_asked(tmp_path: Path) -> None:
    out = tmp_path / "mine.csv"
    out.write_text("keep me")
    with pytest.raises(StudyError, match=r"the file --out must be new, got .*; name another, or add --overwrite"):
        check_output(out)
    assert spinerisk("evaluate", write_table(tmp_path), "--out", out, "--overwrite").returncode == 0
    assert tuple(pd.read_csv(out).columns) == EVALUATION


def test_too_few_events_are_noted_and_headers_are_the_columns_own(tmp_path: Path) -> None:
    path = write_table(tmp_path, y_true=[1] * 7 + [0] * 33)
    found = evaluate_file(path)
    assert found.notes[0] == "fewer than 10 events: read no calibration from these"
    done = spinerisk("evaluate", path)
    assert "note: fewer than 10 events: read no calibration from these" in done.stdout
    assert "y_prob" in done.stdout
    assert "y prob" not in done.stdout
