"""The metrics: one entry each, from which evaluation, comparison, the report and the printed list are made."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.measures.metric import Metric
from pipelines.measures.risk_metrics import RISK_METRICS
from pipelines.measures.sample import Sample
from pipelines.measures.score_metrics import SCORE_METRICS
from pipelines.measures.threshold_metrics import THRESHOLD_METRICS

__all__ = ["METRICS", "Metric", "list_metrics"]

METRICS: dict[str, Metric] = {entry.name: entry for entry in (*RISK_METRICS, *THRESHOLD_METRICS, *SCORE_METRICS)}


def list_metrics(sample: Sample) -> Iterator[Metric]:
    """Yield the metrics of what the sample predicts: follow-up scores, or everything else."""
    return (metric for metric in METRICS.values() if metric.in_points == sample.in_points)
