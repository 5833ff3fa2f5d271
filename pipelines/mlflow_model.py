"""What MLflow imports to serve one logged model bundle; it finds it by this module's name."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipelines.bundles.artifact import LoadedModel, load_model


class BundleModel:
    """A model bundle behind MLflow's predicting interface."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model

    def predict(self, data: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return what the bundle predicts for each row; a missing predictor is imputed as in development."""
        return self._model.predict(data)


def _load_pyfunc(path: str) -> BundleModel:
    """Read the bundle that MLflow has fetched; it asks for a function of this name."""
    return BundleModel(load_model(path))
