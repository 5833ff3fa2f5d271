"""Numbers of patients that differ between models by a few: hidden, so that nobody can be counted by subtraction."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.suppression import find_small

PLACE = ("outcome", "dataset", "validation", "model", "subgroup")
NUMBERS = ("estimate", "lower", "upper", "n", "events")
OVERALL = "overall"


def find_revealing(evaluation: pd.DataFrame, *, reference: str, suppress_below: int) -> pd.DataFrame:
    """Find models whose numbers of patients, taken from the reference's, would count a few patients.

    Parameters
    ----------
    evaluation
        The EVALUATION table of a study.
    reference
        The model that predicts every patient.
    suppress_below
        Smallest count that may be shown.

    Returns
    -------
    DataFrame
        Columns `PLACE`: a subgroup all of whose levels must be hidden, or `OVERALL`.

    Notes
    -----
    A published model leaves out patients of whom it lacks an input. Where these, their events or their non-events are
    few at a level, the subgroup is hidden, and where they are few over everyone, all of the model.
    """
    keys = [name for name in (*PLACE, "level") if name != "model"]
    rows = evaluation[["model", *keys, "n", "events"]].dropna(subset=["n"]).astype({"n": float, "events": float})
    counts = rows.assign(others=rows["n"] - rows["events"]).groupby(["model", *keys])[["n", "events", "others"]].max()
    own, other = counts.reset_index(), counts.loc[reference].reset_index() if reference in counts.index else None
    if other is None:
        return pd.DataFrame(columns=list(PLACE))
    paired = own.merge(other, on=keys, suffixes=("", "_reference"))
    gaps = paired[["n_reference", "events_reference", "others_reference"]].to_numpy() - (
        paired[["n", "events", "others"]].to_numpy()
    )
    few = find_small(np.nan_to_num(gaps).round().astype(np.int64), suppress_below).any(axis=1)
    places: pd.DataFrame = paired.reindex(columns=list(PLACE)).iloc[np.flatnonzero(few)]
    return places.drop_duplicates(ignore_index=True)


def hide_revealing(table: pd.DataFrame, revealing: pd.DataFrame) -> pd.DataFrame:
    """Return an evaluation or a comparison without the numbers that would count a few patients.

    Parameters
    ----------
    table
        Rows with the columns `PLACE`, ``subgroup`` apart where there is none, and a status.
    revealing
        What `find_revealing` found.
    """
    if revealing.empty:
        return table
    subgroup = table["subgroup"] if "subgroup" in table else pd.Series(OVERALL, index=table.index)
    places = zip(*(table[name] for name in PLACE[:-1]), subgroup, strict=True)
    found = set(revealing.itertuples(index=False, name=None))
    hidden = np.array([(*place[:-1], OVERALL) in found or place in found for place in places], dtype=np.bool_)
    numbers = [name for name in NUMBERS if name in table]
    return table.assign(
        **{name: table[name].mask(hidden) for name in numbers}, status=table["status"].mask(hidden, "suppressed")
    )


def leave_out_revealing(curves: pd.DataFrame, revealing: pd.DataFrame, subgroup: pd.Series) -> pd.DataFrame:
    """Return curves by group without the attributes whose levels would count a few patients.

    Parameters
    ----------
    curves
        Rows with the columns of `PLACE` before the last.
    revealing
        What `find_revealing` found.
    subgroup
        The attribute of each row.
    """
    found = set(revealing[list(PLACE)].itertuples(index=False, name=None))
    places = zip(*(curves[name] for name in PLACE[:-1]), subgroup, strict=True)
    shown = np.array([place not in found for place in places], dtype=np.bool_)
    return curves[shown].reset_index(drop=True)


def drop_revealing(predictions: pd.DataFrame, revealing: pd.DataFrame) -> pd.DataFrame:
    """Return predictions without the models whose numbers over everyone would count a few patients.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`.
    revealing
        What `find_revealing` found.
    """
    places = revealing[revealing["subgroup"] == OVERALL]
    if places.empty:
        return predictions
    named = predictions[list(PLACE[:-1])].astype(str).itertuples(index=False, name=None)
    hidden = set(places[list(PLACE[:-1])].itertuples(index=False, name=None))
    return predictions[[place not in hidden for place in named]].reset_index(drop=True)
