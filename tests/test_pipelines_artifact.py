import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

from pipelines.bundles.artifact import build_check_rows, load_model, write_bundle
from pipelines.bundles.members import Member
from pipelines.learners.linear_models import LogisticFit
from pipelines.models import MODELS, Model
from pipelines.preprocess import Preprocessor, fit_preprocessor
from pipelines.recalibration import Calibrator
from schemas.column import Column
from schemas.errors import BundleError, DataError

EVERY = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
CARD = {"outcome": {"name": "made_up", "horizon": "12 months"}, "seed": 1}
DEFINITION = 'name = "two"\ntitle = "Two columns"\nbase = "lumbar"\n'
COLUMNS = {
    "age": Column(name="age", kind="number", known_at="preop", text="age", unit="years", hard=(0, 120)),
    "smoker": Column(name="smoker", kind="flag", known_at="preop", text="smokes"),
    "asa": Column(name="asa", kind="category", known_at="preop", text="class", levels=("1", "2", "3")),
}


def patients(n: int = 300, seed: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.normal(60, 10, n),
            "smoker": (rng.uniform(size=n) < 0.3).astype(float),
            "asa": pd.array(rng.choice(["1", "2", "3"], n), dtype="str"),
        }
    )
    for name in X:
        X.loc[rng.uniform(size=n) < 0.1, name] = np.nan
    return X


def bundle(folder: Path, model: Model, X: pd.DataFrame | None = None) -> tuple[Any, Preprocessor]:
    X = patients() if X is None else X
    y = (np.random.default_rng(2).uniform(size=len(X)) < 0.4).astype(float)
    params: dict[str, float | int] = {p.name: int(p.low) if p.integer else p.low for p in model.space}
    if model.path_name:
        params[model.path_name] = model.path_values[-2]
    pre = fit_preprocessor(X, COLUMNS, n_knots=3)
    fit = model.risk.fit(pre.design(model.design, pre.encode(X)), y, np.ones(len(X)), params, 1)
    write_bundle(folder, model_name=model.name, fitted=fit, preprocessor=pre, card=CARD, definition_text=DEFINITION)
    return fit, pre


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bundle(tmp_path / "bundle", MODELS["spline_logistic"])
    return tmp_path / "bundle"


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "bundle.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@EVERY
def test_predictions_are_identical_after_reading(model: Model, tmp_path: Path) -> None:
    fit, pre = bundle(tmp_path / "deep" / "bundle", model)
    new = patients(200, seed=3)
    loaded = load_model(tmp_path / "deep" / "bundle")
    expected = fit.predict(pre.design(model.design, pre.encode(new)))
    np.testing.assert_array_equal(loaded.predict(new)["y_prob"], expected)
    assert loaded.card == CARD
    assert loaded.model is model
    assert loaded.predictors == ("age", "smoker", "asa")
    assert loaded.definition.name == "two"


@EVERY
def test_bundle_has_no_patient_and_no_pickle(model: Model, tmp_path: Path) -> None:
    bundle(tmp_path / "bundle", model)
    for path in (tmp_path / "bundle").iterdir():
        assert path.suffix in {".json", ".toml", ".npz", ".ubj", ".txt"}
    text = (tmp_path / "bundle" / "bundle.json").read_text()
    # a knot is a quantile of all patients, and can be the value of the one in the middle
    learned = json.loads((tmp_path / "bundle" / "preprocess.json").read_text())
    text += json.dumps({name: values for name, values in learned.items() if name != "knots"})
    ages = patients()["age"].dropna()
    inside = ages[(ages > ages.min()) & (ages < ages.max())]
    assert not [age for age in inside if repr(age) in text]


@EVERY
def test_bundles_of_the_same_fit_have_the_same_bytes(model: Model, tmp_path: Path) -> None:
    for name in ("a", "b"):
        bundle(tmp_path / name, model)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_prediction_tells_what_was_imputed_and_unusual(folder: Path) -> None:
    asked = pd.DataFrame({"asa": ["1", None, "3"], "smoker": [True, False, None], "age": [60, None, 119], "extra": 1})
    predicted = load_model(folder).predict(asked)
    assert list(predicted) == ["row_id", "y_prob", "y_prob_low", "y_prob_high", "imputed", "outside_range"]
    assert predicted["row_id"].tolist() == ["1", "2", "3"]
    assert predicted["imputed"].tolist() == ["", "age,asa", "smoker"]
    assert predicted["outside_range"].tolist() == ["", "", "age"]
    assert predicted["y_prob"].between(0, 1).all()


def test_row_ids_are_kept(folder: Path) -> None:
    asked = patients(3).assign(row_id=["a", "b", "c"]).iloc[[2, 0]]
    assert load_model(folder).predict(asked)["row_id"].tolist() == ["c", "a"]


def test_an_empty_frame_gives_an_empty_table(folder: Path) -> None:
    assert load_model(folder).predict(patients(5).iloc[:0]).empty


def test_absent_predictor_is_named_with_the_nearest(folder: Path) -> None:
    asked = patients(3).rename(columns={"smoker": "smokers"})
    with pytest.raises(DataError, match="must have the predictor 'smoker', got no such column; nearest is 'smokers'"):
        load_model(folder).predict(asked)


@pytest.mark.parametrize(
    ("name", "values", "rule"),
    [
        ("asa", ["1", "9", "2"], "one of 1, 2, 3"),
        ("smoker", [0, 17, 1], "0 or 1"),
        ("age", [60, "forty", 61], "a finite number"),
        ("age", [60, np.inf, 61], "a finite number"),
    ],
)
def test_impossible_values_are_refused_without_showing_them(
    folder: Path, name: str, values: list[Any], rule: str
) -> None:
    asked = patients(3).assign(**{name: values})
    message = rf"predictor '{name}' must be {rule}, got something else in 1 rows \(rows 2\)"
    with pytest.raises(DataError, match=message) as caught:
        load_model(folder).predict(asked)
    assert str(values[1]) not in str(caught.value).replace("predictor", "")


def test_unknown_format_is_refused(folder: Path) -> None:
    edit(folder, format=3)
    with pytest.raises(BundleError, match=r"format must be 4, got 3 .* do not say how far a missing predictor"):
        load_model(folder)


def test_altered_missing_and_extra_files_are_refused(folder: Path) -> None:
    (folder / "coefficients.json").write_text("{}")
    (folder / "definition.toml").unlink()
    (folder / "notes.txt").write_text("x")
    with pytest.raises(BundleError) as caught:
        load_model(folder)
    for fault in ("coefficients.json was altered", "definition.toml is missing", "notes.txt does not belong to it"):
        assert fault in str(caught.value)


def test_check_patients_must_get_the_same_risks(folder: Path) -> None:
    check = json.loads((folder / "bundle.json").read_text())["check"]
    check["predicted"]["y_prob"][0] += 1e-11
    edit(folder, check=check)
    with pytest.raises(
        BundleError, match=r"check patients must get the predictions they had, got a difference of 1.0e-11"
    ):
        load_model(folder)


def test_another_version_of_the_predicting_library_is_refused(tmp_path: Path) -> None:
    bundle(tmp_path / "bundle", MODELS["xgboost"])
    versions = json.loads((tmp_path / "bundle" / "bundle.json").read_text())["versions"]
    assert set(versions) == {"spinerisk", "numpy", "xgboost"}
    edit(tmp_path / "bundle", versions={**versions, "xgboost": "0.9"})
    with pytest.raises(BundleError, match=r"must be read with xgboost 0.9, got .*; install xgboost==0.9"):
        load_model(tmp_path / "bundle")


def test_what_is_no_bundle_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(BundleError, match=r"must be a folder with a readable bundle.json"):
        load_model(tmp_path / "nowhere")
    edit(folder, model="spline_logistics")
    with pytest.raises(BundleError, match="model must be a known name, got 'spline_logistics'; nearest"):
        load_model(folder)
    edit(folder, model="spline_logistic", check={})
    with pytest.raises(BundleError, match=r"is incomplete \(KeyError\)"):
        load_model(folder)
    (folder / "bundle.json").write_text("{")
    with pytest.raises(BundleError, match="must be JSON"):
        load_model(folder)


def test_a_folder_in_use_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("x")
    with pytest.raises(BundleError, match="folder must be empty"):
        bundle(tmp_path, MODELS["spline_logistic"])


def test_check_patients_are_made_of_ranges_and_levels() -> None:
    pre = fit_preprocessor(patients(), COLUMNS, n_knots=3)
    rows = build_check_rows(pre)
    low, high = pre.ranges["age"]
    np.testing.assert_allclose(sorted(rows["age"].dropna()), np.linspace(low, high, 5))
    assert set(rows["asa"].dropna()) == {"1", "2", "3"}
    assert rows.iloc[-1].isna().all()


@EVERY
@pytest.mark.parametrize("planted", [117.731, 1.137])
def test_no_single_patients_extreme_value_stands_in_a_bundle(model: Model, planted: float, tmp_path: Path) -> None:
    X = patients()
    X.loc[0, "age"] = planted
    bundle(tmp_path / "bundle", model, X)
    for path in (tmp_path / "bundle").iterdir():
        written = path.read_bytes()
        patterns = [str(planted).encode(), struct.pack(">f", planted), struct.pack("<f", planted)]
        assert not [pattern for pattern in patterns if pattern in written], path.name
        if path.suffix == ".npz":
            with np.load(path) as arrays:
                assert not [name for name in arrays.files if np.isclose(arrays[name], planted, atol=1e-3).any()]


WAYS = pytest.mark.parametrize("missing", ["chained", "indicators", "native"])


def members(model: Model, missing: Any, seeds: Any = (1,), calibrator: Calibrator | None = None) -> list[Member]:
    X = patients()
    y = (np.random.default_rng(2).uniform(size=len(X)) < 0.2 + 0.4 * X["smoker"].fillna(1)).astype(float).to_numpy()
    params: dict[str, float | int] = {p.name: int(p.low) if p.integer else p.low for p in model.space}
    if model.path_name:
        params[model.path_name] = model.path_values[-2]
    made = []
    for seed in seeds:
        pre = fit_preprocessor(X, COLUMNS, n_knots=3, missing=missing, seed=seed)
        fit = model.risk.fit(pre.design(model.design, pre.encode(X)), y, np.ones(len(X)), params, seed)
        made.append(Member(model=model, fitted=fit, preprocessor=pre, calibrator=calibrator))
    return made


def write(folder: Path, made: list[Member]) -> Path:
    first = made[0]
    write_bundle(
        folder, model_name=first.model.name, fitted=first.fitted, preprocessor=first.preprocessor, card=CARD,
        definition_text=DEFINITION, calibrator=first.calibrator, further=made[1:],
    )  # fmt: skip
    return folder


@EVERY
@WAYS
def test_a_missing_predictor_gives_a_range_and_a_complete_patient_none(
    model: Model, missing: Any, tmp_path: Path
) -> None:
    loaded = load_model(write(tmp_path / "bundle", members(model, missing)))
    asked = patients(80, seed=5)
    predicted = loaded.predict(asked)
    complete = asked.notna().all(axis=1).to_numpy()
    assert predicted.loc[complete, ["y_prob_low", "y_prob_high"]].isna().all(axis=None)
    rest = predicted[~complete]
    assert (rest["y_prob_low"] <= rest["y_prob_high"]).all()
    assert (rest["y_prob_low"] < rest["y_prob_high"]).mean() > 0.7
    # alone or among others, in whatever order
    for i in range(20):
        alone = loaded.predict(asked.iloc[[i]])
        np.testing.assert_array_equal(alone.iloc[0, 1:4].astype(float), predicted.iloc[i, 1:4].astype(float))


def test_the_range_is_that_of_the_known_distribution(tmp_path: Path) -> None:
    """Two numbers of a known joint normal and known log-odds: the risk's 5th and 95th percentiles in closed form."""
    rng = np.random.default_rng(3)
    a, noise = rng.normal(size=(2, 20_000))
    X = pd.DataFrame({"age": 60 + 10 * a, "odi": 40 + 8 * a + 6 * noise})
    columns = {"age": COLUMNS["age"], "odi": replace(COLUMNS["age"], name="odi")}
    pre = fit_preprocessor(X, columns, n_knots=3)
    fit = LogisticFit(intercept=-0.5, coefficients=np.array([0.3, 0.8]))
    member = Member(model=MODELS["elastic_net"], fitted=fit, preprocessor=pre)
    predicted = load_model(write(tmp_path / "bundle", [member])).predict(pd.DataFrame({"age": [70.0], "odi": [None]}))
    # odi given age 70 is normal with mean 48 and standard deviation 6; its own standard deviation is 10
    at = norm.ppf([0.5, 0.05, 0.95], 48, 6)
    expected = expit(-0.5 + 0.3 * 1.0 + 0.8 * (at - 40) / 10)
    np.testing.assert_allclose(predicted.iloc[0, 1:4].astype(float), expected, atol=0.012)


@EVERY
def test_members_are_averaged(model: Model, tmp_path: Path) -> None:
    made = members(model, "multiple", seeds=range(4))
    folder = write(tmp_path / "bundle", made)
    assert sorted(path.name for path in (folder / "members").iterdir()) == ["00", "01", "02", "03"]
    loaded = load_model(folder)
    asked = patients(60, seed=5)
    each = np.stack([member.predict(asked)["y_prob"] for member in made])
    predicted = loaded.predict(asked)
    np.testing.assert_allclose(predicted["y_prob"], each.mean(axis=0), rtol=1e-14)
    incomplete = asked.isna().any(axis=1).to_numpy()
    ends = np.quantile(each[:, incomplete], [0.05, 0.95], axis=0, method="hazen")
    np.testing.assert_array_equal(predicted.loc[incomplete, ["y_prob_low", "y_prob_high"]].to_numpy().T, ends)
    assert predicted.loc[~incomplete, "y_prob_low"].isna().all()
    # the place in the file is nothing that a prediction depends on
    order = np.random.default_rng(1).permutation(60)
    np.testing.assert_array_equal(loaded.predict(asked.iloc[order])["y_prob"], predicted["y_prob"].to_numpy()[order])
    for i in range(10):
        assert loaded.predict(asked.iloc[[i]])["y_prob"].iloc[0] == predicted["y_prob"].iloc[i]


def test_an_altered_member_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", members(MODELS["elastic_net"], "multiple", seeds=range(2)))
    (folder / "members" / "01" / "coefficients.json").write_text("{}")
    with pytest.raises(BundleError, match=r"members/01/coefficients.json was altered"):
        load_model(folder)


def test_a_calibrator_is_the_last_step(tmp_path: Path) -> None:
    calibrator = Calibrator(intercept=-0.4, slope=0.7)
    model = MODELS["spline_logistic"]
    plain = load_model(write(tmp_path / "plain", members(model, "chained")))
    recalibrated = load_model(write(tmp_path / "recalibrated", members(model, "chained", calibrator=calibrator)))
    assert (tmp_path / "recalibrated" / "calibrator.json").is_file()
    assert not (tmp_path / "plain" / "calibrator.json").exists()
    asked = patients(60, seed=5)
    before, after = plain.predict(asked), recalibrated.predict(asked)
    for name in ("y_prob", "y_prob_low", "y_prob_high"):
        shown = before[name].notna()
        expected = calibrator.apply(before.loc[shown, name].to_numpy())
        # percentiles between draws are taken before the bend of the recalibration, or after it
        np.testing.assert_allclose(after.loc[shown, name], expected, atol=1e-12 if name == "y_prob" else 2e-3)
