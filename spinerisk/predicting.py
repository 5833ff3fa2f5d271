"""What ``spinerisk predict`` does: a risk or a score per patient of a file, with what was imputed or unusual."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from pipelines.bundles.artifact import load_model
from schemas.errors import RunError
from schemas.registry import Registry, read_registry, recorded_identifiers


def predict_file(model_dir: Path, data: str | Path) -> tuple[pd.DataFrame, Registry]:
    """Read a file by the model's own definition and predict; outcomes need not be in the file.

    Returns
    -------
    DataFrame, Registry
        One row per valid row of the file (``row_id``, then ``patient`` and ``operation`` where the file has them,
        ``y_prob`` with ``y_prob_low`` and ``y_prob_high`` where a predictor is missing, or of a score ``y_pred`` with
        the same, ``y_low``, ``y_high`` and the probability of each derived threshold, then ``imputed``,
        ``outside_range``, and ``remarks`` of a model that was not made for everybody), and what was read.

    Raises
    ------
    BundleError
        If the folder is no sound model.
    DataError
        If the file cannot be read, or lacks a predictor or a column that says whom the model was made for.
    """
    model = load_model(model_dir)
    registry = read_registry(data, model.definition.for_prediction(model.columns))
    predicted = recorded_identifiers(registry).merge(model.predict(registry), on="row_id", validate="one_to_one")
    return predicted, registry


def write_predictions(predicted: pd.DataFrame, out: Path | None) -> None:
    """Write the table as CSV, to a file or to standard output.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    if out is None:
        sys.stdout.write(predicted.to_csv(index=False, lineterminator="\n"))
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        predicted.to_csv(out, index=False, lineterminator="\n")
    except OSError as error:
        raise RunError(f"the output file must be writable, got {str(out)!r}: {error.strerror}") from None
