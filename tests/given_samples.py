"""Samples of given predictions, as the metrics take them, without a table of a study around them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.intervals import Estimate, create_draws
from pipelines.measures.sample import Sample, build_sample, select_usable
from pipelines.metrics import METRICS

Floats = npt.NDArray[np.float64]


def make_sample(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    patient: npt.ArrayLike | None = None,
    thresholds: Sequence[float] = (),
    acts_below: bool = False,
) -> Sample:
    """Return the sample of a fixed model's risks; one replicate, no folds."""
    y = np.asarray(y, dtype=np.float64)
    position = np.arange(y.size)
    rows = pd.DataFrame(
        {
            "row_id": position, "patient": position if patient is None else np.asarray(patient), "repeat": 0,
            "fold": 0, "imputation": 0, "y_true": y, "y_prob": np.asarray(p, dtype=np.float64), "y_pred": math.nan,
            "scale": "probability", "weight": np.ones_like(y) if weights is None else np.asarray(weights), "n_train": 0,
        }
    )  # fmt: skip
    return build_sample(
        select_usable(rows), validation="external", thresholds=tuple(thresholds), draws=create_draws(1, "given"),
        acts_below=acts_below,
    )  # fmt: skip


def estimate(name: str, sample: Sample) -> Estimate:
    """Return the one estimate of a metric."""
    (found,) = METRICS[name].compute(sample)
    return found


def estimate_at(name: str, sample: Sample) -> Floats:
    """Return estimate, lower and upper limit at each threshold, shape (thresholds, 3)."""
    return np.array([(found.estimate, found.lower, found.upper) for found in METRICS[name].compute(sample)])
