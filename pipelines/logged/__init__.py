"""What MLflow is told of a finished run, and how it is told once."""

import os

# MLflow decides at its import whether to send usage reports; nothing may leave the machine unasked.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
