"""Risks of future patients: a file without outcomes is enough, one without a predictor is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.bundles.artifact import load_model, write_bundle
from pipelines.models import MODELS
from pipelines.preprocess import fit_preprocessor
from schemas.definition import parse_definition
from schemas.errors import DataError
from schemas.registry import read_registry
from spinerisk.predicting import predict_file

DEFINITION = """
name = "my_registry"
title = "My registry of lumbar surgery"
base = "lumbar"
required = ["bmi"]
columns.patient = { header = "Number" }
columns.sex = { header = "Gender", recode = { "1" = "male", "2" = "female" } }
columns.odi_0 = { header = "ODI before" }
columns.odi_12m = { header = "ODI 1 year" }
"""
PREDICTORS = ["age", "sex", "odi_0"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model as a study by the definition would leave it, on made-up patients."""
    rng = np.random.default_rng(3)
    n = 200
    table = pd.DataFrame(
        {
            "Number": [f"p{i}" for i in range(n)],
            "age": rng.integers(30, 80, n),
            "Gender": rng.choice(["1", "2"], n),
            "bmi": rng.integers(20, 40, n),
            "ODI before": rng.integers(20, 80, n),
            "ODI 1 year": rng.integers(0, 60, n),
        }
    )
    definition = parse_definition(DEFINITION)
    X = read_registry(table, definition).frame[PREDICTORS]
    entry = MODELS["spline_logistic"]
    params: dict[str, float | int] = {str(entry.path_name): entry.path_values[-1]}
    pre = fit_preprocessor(X, definition.columns_of(), n_knots=3)
    y = (rng.uniform(size=n) < 0.4).astype(float)
    fitted = entry.risk.fit(pre.design(entry.design, pre.encode(X)), y, np.ones(n), params, 1)
    folder = tmp_path_factory.mktemp("predicting") / "model"
    write_bundle(
        folder, model_name=entry.name, fitted=fitted, preprocessor=pre, card={}, definition_text=definition.text
    )
    return folder


def future(tmp_path: Path, **columns: list[object]) -> Path:
    table = {"age": [50, 61, ""], "Gender": ["1", "2", "1"], "ODI before": [40, 90, 50]} | columns
    path = tmp_path / "future.csv"
    pd.DataFrame(table).to_csv(path, index=False)
    return path


def test_future_patients_need_no_outcome(model: Path, tmp_path: Path) -> None:
    predicted, registry = predict_file(model, future(tmp_path))
    assert list(predicted) == ["row_id", "y_prob", "y_prob_low", "y_prob_high", "imputed", "outside_range"]
    assert predicted["row_id"].tolist() == ["1", "2", "3"]
    assert predicted["imputed"].tolist() == ["", "", "age"]
    assert predicted["y_prob_low"].isna().tolist() == [True, True, False]
    assert predicted["y_prob_low"].iloc[2] < predicted["y_prob_high"].iloc[2]
    assert predicted["outside_range"].tolist() == ["", "odi_0", ""]
    pd.testing.assert_frame_equal(predicted, load_model(model).predict(registry))


def test_a_lacking_predictor_is_named_with_the_nearest_header(model: Path, tmp_path: Path) -> None:
    path = future(tmp_path)
    path.write_text(path.read_text().replace("ODI before", "ODI befor"))
    with pytest.raises(
        DataError, match=r"'odi_0' must be in the file under the header 'ODI before'.* nearest header is 'ODI befor'"
    ):
        predict_file(model, path)


def test_recorded_identifiers_stand_beside_the_row(model: Path, tmp_path: Path) -> None:
    """Also behind a faulty row, and not for a patient whom the file does not name."""
    path = future(tmp_path, Number=["a", "b", ""], operation=["o1", "o2", "o3"], age=[150, 61, 70])
    predicted, registry = predict_file(model, path)
    assert list(predicted)[:4] == ["row_id", "patient", "operation", "y_prob"]
    assert predicted["row_id"].tolist() == ["2", "3"]
    assert predicted["operation"].tolist() == ["o2", "o3"]
    assert predicted["patient"].fillna("").tolist() == ["b", ""]
    assert registry.frame["patient"].tolist() == ["b", " row 3"]
