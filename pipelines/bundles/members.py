"""What a bundle predicts with: one fit, or one per imputation, each with the preprocessing that belongs to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.forecast import Forecast, forecast_from_json
from pipelines.models import Fitted, Form, Model
from pipelines.preprocess import Preprocessor, preprocessor_from_json
from pipelines.recalibration import Calibrator, calibrator_from_json

Array = npt.NDArray[np.float64]

PREPROCESS_FILE = "preprocess.json"
FORECAST_FILE = "forecast.json"
"""Only of a model of a score."""
CALIBRATOR_FILE = "calibrator.json"
"""Only where risks are recalibrated."""
RANGE = (0.05, 0.95)
"""The middle 90 per cent of the predictions from draws of what is missing."""


class Pipeline(Protocol):
    """A fit and what belongs to it; see `pipelines.fit.FittedPipeline`."""

    @property
    def fitted(self) -> Fitted:
        """The fit."""
        ...

    @property
    def preprocessor(self) -> Preprocessor:
        """From predictors as recorded to design matrices."""
        ...

    @property
    def forecast(self) -> Forecast | None:
        """Of a model of a follow-up score, what is said beyond the predicted mean."""
        ...

    @property
    def calibrator(self) -> Calibrator | None:
        """The last step of a model of a risk, where there is one."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Member:
    """One fit with its preprocessing; a bundle has one, or of a multiple imputation one per imputation."""

    model: Model
    fitted: Fitted
    preprocessor: Preprocessor
    forecast: Forecast | None = None
    calibrator: Calibrator | None = None

    @property
    def form(self) -> Form:
        """The model's form: with a forecast it is of a score, without of a risk."""
        return self.model.risk if self.forecast is None else self.model.score

    def respond(self, encoded: Array) -> Array:
        """Return risks, or scores inside their range, shape (n,), of encoded rows."""
        predicted = self.fitted.predict(self.preprocessor.design(self.model.design, encoded))
        if self.forecast is not None:
            return self.forecast.spread.bound(predicted)
        return predicted if self.calibrator is None else self.calibrator.apply(predicted)

    def predict(self, X: pd.DataFrame) -> dict[str, Array]:
        """Return what is predicted, by the name of its column; the prediction itself comes first."""
        # the place in a file is nothing that a prediction may depend on
        alike = X.set_axis(np.zeros(len(X), dtype=np.int64), axis=0)
        predicted = self.respond(self.preprocessor.encode(alike))
        if self.forecast is None:
            return {"y_prob": predicted}
        return self.forecast.describe(predicted, find_baseline(X, self.forecast))

    def spread(self, X: pd.DataFrame) -> Array:
        """Return predictions from each draw of what is missing, shape (m, n)."""
        drawn = self.preprocessor.draw(X)
        return self.respond(drawn.reshape(-1, drawn.shape[-1])).reshape(len(drawn), len(X))

    def write(self, folder: Path) -> None:
        """Write everything into a folder, made if absent."""
        folder.mkdir(parents=True, exist_ok=True)
        self.form.write(self.fitted, folder)
        write_json(folder / PREPROCESS_FILE, self.preprocessor.to_json())
        if self.forecast is not None:
            write_json(folder / FORECAST_FILE, self.forecast.to_json())
        if self.calibrator is not None:
            write_json(folder / CALIBRATOR_FILE, self.calibrator.to_json())


def make_member(model: Model, pipeline: Pipeline) -> Member:
    """Make a member of what was fitted."""
    return Member(
        model=model,
        fitted=pipeline.fitted,
        preprocessor=pipeline.preprocessor,
        forecast=pipeline.forecast,
        calibrator=pipeline.calibrator,
    )


def read_member(model: Model, folder: Path) -> Member:
    """Read what `Member.write` wrote."""
    forecast, calibrator = _read_json(folder / FORECAST_FILE), _read_json(folder / CALIBRATOR_FILE)
    form = model.risk if forecast is None else model.score
    return Member(
        model=model,
        fitted=form.read(folder),
        preprocessor=preprocessor_from_json(json.loads((folder / PREPROCESS_FILE).read_text(encoding="utf-8"))),
        forecast=None if forecast is None else forecast_from_json(forecast),
        calibrator=None if calibrator is None else calibrator_from_json(calibrator),
    )


def predict_members(members: Sequence[Member], X: pd.DataFrame) -> dict[str, Array]:
    """Predict with all members.

    Parameters
    ----------
    members
        One, or one per imputation.
    X
        Predictors in canonical types, n rows.

    Returns
    -------
    dict
        Columns by name, shape (n,): the prediction, the ends of its range (``_low`` and ``_high``), and of a score what
        else is said of it.

    Notes
    -----
    The prediction of several members is the mean of theirs, a risk on the scale of the probability. The range holds the
    middle 90 per cent of what is predicted from draws of the missing predictors, or by the members of a multiple
    imputation; it is missing where no predictor is. It tells what the missing values may do to the prediction, and
    nothing of any other uncertainty.
    """
    each = [member.predict(X) for member in members]
    columns = {name: _average([own[name] for own in each]) for name in each[0]}
    name, prediction = next(iter(columns.items()))
    ends = _find_range(members, X, [own[name] for own in each])
    return {name: prediction, f"{name}_low": ends[0], f"{name}_high": ends[1], **columns}


def find_baseline(X: pd.DataFrame, forecast: Forecast) -> Array:
    """Return the baseline of a score, shape (n,); NaN where it is not recorded or no predictor."""
    name = forecast.score.baseline
    return X[name].to_numpy(dtype=np.float64) if name in X else np.full(len(X), np.nan)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write JSON that is the same on every machine."""
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _find_range(members: Sequence[Member], X: pd.DataFrame, predicted: list[Array]) -> Array:
    """Return the ends of the range, shape (2, n), NaN in complete rows."""
    ends = np.full((len(RANGE), len(X)), np.nan)
    rows = np.flatnonzero(members[0].preprocessor.imputed(X).to_numpy().any(axis=1))
    if rows.size:
        drawn = members[0].spread(X.iloc[rows]) if len(members) == 1 else np.stack(predicted)[:, rows]
        # draws are the middles of equal parts of the distribution, which is what Hazen's quantiles take them for
        ends[:, rows] = np.quantile(drawn, RANGE, axis=0, method="hazen")
    return ends


def _average(values: list[Array]) -> Array:
    # Summed one by one: numpy's own sum takes another order for a single row than for many.
    total = values[0]
    for own in values[1:]:
        total = total + own
    return total / len(values)


def _read_json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values
