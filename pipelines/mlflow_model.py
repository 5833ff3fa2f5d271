"""What MLflow runs to serve one model bundle: a script that it copies beside the bundle, so that nothing is pickled."""

from __future__ import annotations

from typing import Any

import mlflow
import pandas as pd

from pipelines.bundles.artifact import load_model


class BundleModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # MLflow ships no types for its base class
    """A model bundle behind MLflow's predicting interface."""

    def load_context(self, context: Any) -> None:
        """Read the bundle that MLflow has fetched."""
        self.model = load_model(context.artifacts["bundle"])

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        """Return what the bundle predicts for each row; a missing predictor is imputed as in development."""
        return self.model.predict(model_input)


mlflow.models.set_model(BundleModel())
