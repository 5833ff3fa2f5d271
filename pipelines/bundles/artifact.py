"""Model bundles: a folder with everything a prediction needs, without pickles and without any patient's row."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.kinds.belonging import find_kinds, list_reasons
from pipelines.bundles.members import (
    Member,
    Pipeline,
    find_baseline,
    make_member,
    predict_members,
    read_member,
    write_json,
)
from pipelines.bundles.new_patients import join_names, read_population, read_predictors, row_ids
from pipelines.forecast import Forecast
from pipelines.models import MODELS, Fitted, Model
from pipelines.preprocess import Preprocessor
from pipelines.provenance import read_own_version
from pipelines.recalibration import Calibrator
from schemas.definition import Definition, parse_definition
from schemas.errors import BundleError, unknown_name
from schemas.registry import Registry
from schemas.specs import PopulationStep

Array = npt.NDArray[np.float64]

BUNDLE_FORMAT = 4
BUNDLE_FILE = "bundle.json"
MEMBERS = "members"
"""Folder with one folder per imputation, in the bundle of a multiple imputation."""
DEFINITION_FILE = "definition.toml"
CHECK_ROWS = 6
CHECK_TOLERANCE = 1e-12
REMARKS = "remarks"
OUTSIDE = "not in the population that the model was made for"
RESTORE = "restore the bundle from its source, or fit the model again"


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedModel:
    """A model read from a bundle.

    Parameters
    ----------
    model
        The entry of the table of models.
    members
        Its fit with the preprocessing that belongs to it, or of a multiple imputation one fit per imputation.
    population
        Who was left out before the model was made, as far as it is known when it is used.
    card
        What the bundle says of itself: outcome, horizon, seed, study and data hashes.
    definition_text
        Registry definition (TOML) that the training data were read by.
    """

    model: Model
    members: tuple[Member, ...]
    population: tuple[PopulationStep, ...]
    card: dict[str, Any]
    definition_text: str

    @property
    def preprocessor(self) -> Preprocessor:
        """Preprocessing of the first member: what is known, imputed or outside the range is the same in all."""
        return self.members[0].preprocessor

    @property
    def forecast(self) -> Forecast | None:
        """Of a model of a follow-up score, the first member's forecast: the thresholds are the same in all."""
        return self.members[0].forecast

    @property
    def predictors(self) -> tuple[str, ...]:
        """Columns that must be present; values may be missing."""
        return self.preprocessor.predictors

    @property
    def columns(self) -> tuple[str, ...]:
        """The predictors, and the columns that say whether a patient belongs; values may be missing."""
        return tuple(dict.fromkeys((*self.predictors, *find_kinds(self.population))))

    @property
    def definition(self) -> Definition:
        """Registry definition that the training data were read by."""
        return parse_definition(self.definition_text, name=DEFINITION_FILE)

    def predict(self, data: Registry | pd.DataFrame) -> pd.DataFrame:
        """Predict the risk, or the follow-up score, of each patient.

        Parameters
        ----------
        data
            A registry, or a frame with `columns` by their canonical names: numbers in the dictionary's unit, flags 0
            or 1, categories by their levels; missing values of predictors are imputed as in development.

        Returns
        -------
        DataFrame
            ``row_id`` (of the data, else numbers from 1), ``y_prob`` in (0, 1), ``y_prob_low`` and ``y_prob_high``,
            ``imputed`` and ``outside_range``: names of the predictors that were imputed, or lie outside the training
            range, separated by commas. Between low and high are the middle 90 per cent of the risks that missing
            predictors could give (`pipelines.bundles.members`); both are missing where no predictor is. Of a
            score instead of ``y_prob``: ``y_pred``, the predicted mean, with ``y_pred_low`` and ``y_pred_high``, then
            ``y_low`` and ``y_high``, between which 90 per cent of such patients' scores lie, and the probability of
            each derived threshold under its name, missing where the baseline is. Where patients were left out of
            development or have no room for a threshold, last ``remarks``: why nothing is predicted, or what was made of
            such patients; else empty.

        Raises
        ------
        DataError
            If a column is absent or a value cannot be one of that predictor's.

        Notes
        -----
        Who could not have been among the patients of the development gets no number, as nothing was learned of such
        patients and nothing evaluated.
        """
        frame = data.frame if isinstance(data, Registry) else data
        X = read_predictors(frame, self.preprocessor)
        predicted = predict_members(self.members, X)
        reasons = list_reasons(self.population, read_population(frame, X, self.population))
        belongs = np.array([not reason for reason in reasons], dtype=np.bool_)
        table = pd.DataFrame(
            {
                "row_id": row_ids(frame),
                **{name: np.where(belongs, values, np.nan) for name, values in predicted.items()},
                "imputed": join_names(self.preprocessor.imputed(X)),
                "outside_range": join_names(self.preprocessor.outside_range(X)),
            }
        )
        if not _list_remarks(self.population, self.forecast):
            return table
        own = [""] * len(X) if self.forecast is None else self.forecast.remark(find_baseline(X, self.forecast))
        remarks = [f"{OUTSIDE}: {reason}" if reason else said for reason, said in zip(reasons, own, strict=True)]
        return table.assign(**{REMARKS: remarks})


def write_bundle(
    folder: Path,
    *,
    model_name: str,
    fitted: Fitted,
    preprocessor: Preprocessor,
    card: Mapping[str, Any],
    definition_text: str,
    forecast: Forecast | None = None,
    calibrator: Calibrator | None = None,
    further: Sequence[Pipeline] = (),
    population: Sequence[PopulationStep] = (),
) -> None:
    """Write a model bundle.

    Parameters
    ----------
    folder
        Where to write; made if absent, else it must be empty.
    model_name
        Name in the table of models.
    fitted, preprocessor
        The fit and the preprocessing that belongs to it.
    card
        JSON-ready: outcome and horizon, seed, hashes of study and data.
    definition_text
        Exact text of the registry definition.
    forecast
        Of a model of a follow-up score, what is said beyond the predicted mean.
    calibrator
        The last step of a model of a risk, where there is one.
    further
        What was fitted on the further imputations of a multiple imputation; predictions are averaged.
    population
        Who belongs to the outcome, by columns known when the model is used; see `outcomes.kinds.belonging`.

    Raises
    ------
    BundleError
        If the folder is not empty.

    Notes
    -----
    ``bundle.json`` names the SHA-256 of every other file, the versions, and a few made-up patients with what is
    predicted for them, on which a reader checks that it computes the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BundleError(f"the bundle's folder must be empty, got {str(folder)!r} with files in it; choose another")
    model = MODELS[model_name]
    own = Member(model=model, fitted=fitted, preprocessor=preprocessor, forecast=forecast, calibrator=calibrator)
    members = [own, *(make_member(model, pipeline) for pipeline in further)]
    for member, place in zip(members, _list_places(folder, len(members)), strict=True):
        member.write(place)
    (folder / DEFINITION_FILE).write_text(definition_text, encoding="utf-8", newline="")
    rows = build_check_rows(preprocessor)
    bundle = {
        "format": BUNDLE_FORMAT,
        "model": model_name,
        "members": len(members),
        "missing": preprocessor.missing,
        "versions": _versions(model),
        "predictors": [_describe(name, preprocessor) for name in preprocessor.predictors],
        "population": {
            "columns": [{"name": name, "kind": kind} for name, kind in find_kinds(population).items()],
            "steps": [step.model_dump(mode="json") for step in population],
        },
        "remarks": _list_remarks(population, forecast),
        "card": dict(card),
        "check": {
            "rows": {str(name): [None if pd.isna(v) else v for v in rows[name]] for name in rows},
            "predicted": {
                name: [None if np.isnan(value) else value for value in values.tolist()]
                for name, values in predict_members(members, rows).items()
            },
        },
        "files": _hash_files(folder),
    }
    write_json(folder / BUNDLE_FILE, bundle)


def load_model(folder: str | Path) -> LoadedModel:
    """Read a model bundle and prove that it predicts here what it predicted where it was written.

    Parameters
    ----------
    folder
        The bundle's folder.

    Raises
    ------
    BundleError
        If it is no bundle or of another format, a file is missing, added or altered, the library that computes the
        prediction has another version, or the check patients get other predictions.
    """
    folder = Path(folder)
    bundle = _read_bundle(folder)
    _check_files(folder, bundle)
    if bundle.get("model") not in MODELS:
        raise BundleError(unknown_name("the bundle's model", str(bundle.get("model")), MODELS))
    model = MODELS[bundle["model"]]
    try:
        _check_versions(model, bundle["versions"])
        members = tuple(read_member(model, place) for place in _list_places(folder, bundle["members"]))
        _check_predictions(members, bundle["check"])
        definition_text = (folder / DEFINITION_FILE).read_bytes().decode("utf-8")
        return LoadedModel(
            model=model,
            members=members,
            population=tuple(PopulationStep.model_validate(step) for step in bundle["population"]["steps"]),
            card=bundle["card"],
            definition_text=definition_text,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"the bundle {str(folder)!r} is incomplete ({type(error).__name__}); {RESTORE}") from None


def build_check_rows(preprocessor: Preprocessor) -> pd.DataFrame:
    """Make up patients by a fixed rule from ranges and levels; the last one has every predictor missing.

    Row i, predictor j: a number lies (3 i + j) mod 5 quarters along its training range, a flag is (i + j) mod 2, a
    category has the level at (i + j).
    """
    columns = {name: _check_values(name, j, preprocessor) for j, name in enumerate(preprocessor.predictors)}
    return pd.DataFrame(columns)


def _check_values(name: str, j: int, preprocessor: Preprocessor) -> pd.Series:
    rows = range(CHECK_ROWS - 1)
    if name in preprocessor.levels:
        levels = preprocessor.levels[name]
        return pd.Series([*(levels[(i + j) % len(levels)] for i in rows), None], dtype="str")
    if preprocessor.kinds[name] == "flag":
        return pd.Series([*(float((i + j) % 2) for i in rows), np.nan], dtype=np.float64)
    low, high = preprocessor.ranges[name]
    return pd.Series([*(low + (high - low) * ((3 * i + j) % 5) / 4 for i in rows), np.nan], dtype=np.float64)


def _list_places(folder: Path, count: int) -> list[Path]:
    """Return where the members stand: a single one in the bundle's folder itself."""
    return [folder] if count == 1 else [folder / MEMBERS / f"{k:02d}" for k in range(count)]


def _list_remarks(population: Sequence[PopulationStep], forecast: Forecast | None) -> list[str]:
    """Return the column of remarks where the model may have any to make, else none."""
    derived = forecast.score.derived if forecast else ()
    return [REMARKS] if population or any(one.threshold.needs_baseline for one in derived) else []


def _describe(name: str, preprocessor: Preprocessor) -> dict[str, Any]:
    return {"name": name, "kind": preprocessor.kinds[name], "levels": list(preprocessor.levels.get(name, ()))}


def _versions(model: Model) -> dict[str, str]:
    libraries = ("numpy",) if model.library is None else ("numpy", model.library)
    return {"spinerisk": read_own_version(), **{name: importlib.metadata.version(name) for name in libraries}}


def _hash_files(folder: Path) -> dict[str, str]:
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: hashlib.sha256(p.read_bytes()).hexdigest() for name, p in paths.items() if name != BUNDLE_FILE}


def _read_bundle(folder: Path) -> dict[str, Any]:
    path = folder / BUNDLE_FILE
    try:
        bundle = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(
            f"a bundle must be a folder with a readable {BUNDLE_FILE}, got {str(folder)!r}: {error.strerror}; "
            "give the folder models/<outcome>/<model> of a run"
        ) from None
    except ValueError:
        raise BundleError(f"{str(path)!r} must be JSON; {RESTORE}") from None
    found = bundle.get("format") if isinstance(bundle, dict) else None
    if found != BUNDLE_FORMAT:
        raise BundleError(
            f"the bundle's format must be {BUNDLE_FORMAT}, got {found!r} in {str(folder)!r}; "
            "read it with the version of the toolkit that wrote it, or fit the model again: older bundles do not say "
            "how far a missing predictor can move a prediction, or whom they were made for"
        )
    return dict(bundle)


def _check_files(folder: Path, bundle: Mapping[str, Any]) -> None:
    expected = bundle.get("files")
    expected = expected if isinstance(expected, dict) else {}
    found = _hash_files(folder)
    faults = [f"{name} is missing" for name in sorted(expected.keys() - found.keys())]
    faults += [f"{name} does not belong to it" for name in sorted(found.keys() - expected.keys())]
    faults += [
        f"{name} was altered" for name in sorted(expected.keys() & found.keys()) if expected[name] != found[name]
    ]
    if faults:
        raise BundleError(f"the bundle {str(folder)!r} must be as it was written: {'; '.join(faults)}; {RESTORE}")


def _check_versions(model: Model, versions: Mapping[str, str]) -> None:
    if model.library is None:
        return
    needed, found = versions[model.library], importlib.metadata.version(model.library)
    if needed != found:
        raise BundleError(
            f"this bundle must be read with {model.library} {needed}, got {found}; "
            f"install {model.library}=={needed}, or fit the model again"
        )


def _check_predictions(members: Sequence[Member], check: Mapping[str, Any]) -> None:
    preprocessor = members[0].preprocessor
    rows = pd.DataFrame(
        {name: pd.Series(check["rows"][name], dtype=_dtype(name, preprocessor)) for name in check["rows"]}
    )
    found = predict_members(members, rows)
    gaps = [_gap(found[name], check["predicted"][name]) for name in found]
    if not all(gap <= CHECK_TOLERANCE for gap in gaps):
        raise BundleError(
            f"the bundle's check patients must get the predictions they had, got a difference of {max(gaps):.1e}; "
            "use the versions of Python and numpy that wrote it, or fit the model again"
        )


def _gap(found: Array, written: list[float | None]) -> float:
    """Return the largest difference; infinite where one of two is missing."""
    expected = np.array(written, dtype=np.float64)
    both = np.isnan(found) & np.isnan(expected)
    gap = np.where(both, 0.0, np.abs(found - expected))
    return float(np.where(np.isnan(gap), np.inf, gap).max(initial=0.0))


def _dtype(name: str, preprocessor: Preprocessor) -> str:
    return "str" if name in preprocessor.levels else "float64"
