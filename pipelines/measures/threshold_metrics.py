"""Metrics at the threshold probabilities that a study declares: net benefit, and who is acted on.

Who is acted on is the study's choice: those at or above the threshold, or those below it. Only the benefits and the
share acted on follow that choice.
"""

from __future__ import annotations

from pipelines.measures.metric import WALD, WILSON, Metric
from pipelines.measures.threshold_estimates import (
    compare_net_benefit,
    compute_interventions_avoided,
    compute_net_benefit,
    compute_npv,
    compute_ppv,
    compute_sensitivity,
    compute_share_acted_on,
    compute_specificity,
    compute_standardised_net_benefit,
)

THRESHOLD_METRICS = (
    Metric(
        name="net_benefit",
        subject="utility",
        title="Net benefit",
        text="Patients rightly acted on minus those wrongly acted on, weighted by the odds of the threshold "
        "probability, per patient. Where the action is for patients below the threshold, as those unlikely to have a "
        "wanted outcome, it is the net benefit of opting out: the second formula.",
        formula="TP / n - FP / n * t / (1 - t), positive: p >= t; acting below t: TN / n - FN / n * (1 - t) / t",
        reference="Vickers and Elkin 2006",
        interval=WALD,
        best="higher",
        compute=compute_net_benefit,
        compare=compare_net_benefit,
        needs_both=False,
        least_in_subgroup=10,
        by_threshold=True,
    ),
    Metric(
        name="standardised_net_benefit",
        subject="utility",
        title="Standardised net benefit",
        text="Net benefit as a share of the highest possible one, which is the event rate, or one minus it where the "
        "action is for patients below the threshold.",
        formula="net benefit / mean(y); acting below t: net benefit / mean(1 - y)",
        reference="Marsh 2020",
        interval=WALD,
        best="higher",
        compute=compute_standardised_net_benefit,
        by_threshold=True,
    ),
    Metric(
        name="interventions_avoided",
        subject="utility",
        title="Interventions avoided per 100 patients",
        text="How many fewer of 100 patients are acted on than if all were, with no more missed who need the action. "
        "Below 0: acting on everyone is better.",
        formula="100 (net benefit - net benefit of acting on everyone) / (t / (1 - t)); acting below t: / "
        "((1 - t) / t)",
        reference="Vickers 2016",
        interval=WALD,
        best="higher",
        digits=1,
        compute=compute_interventions_avoided,
        needs_both=False,
        by_threshold=True,
    ),
    Metric(
        name="sensitivity",
        subject="threshold",
        title="Sensitivity",
        text="Share of patients with the event who are at or above the threshold, whoever is acted on; where the "
        "action is for those below, of a wanted outcome, it is the share of them who are not acted on.",
        formula="TP / (TP + FN), positive: p >= t",
        interval=WILSON,
        not_assessable="Nobody had the event",
        best="higher",
        compute=compute_sensitivity,
        needs_both=False,
        least_in_subgroup=10,
        by_threshold=True,
    ),
    Metric(
        name="specificity",
        subject="threshold",
        title="Specificity",
        text="Share of patients without the event who are below the threshold, whoever is acted on; where the action "
        "is for those below, it is the share of them who are acted on.",
        formula="TN / (TN + FP), positive: p >= t",
        interval=WILSON,
        not_assessable="Everybody had the event",
        best="higher",
        compute=compute_specificity,
        needs_both=False,
        least_in_subgroup=10,
        by_threshold=True,
    ),
    Metric(
        name="ppv",
        subject="threshold",
        title="Positive predictive value",
        text="Share with the event among patients at or above the threshold, whoever is acted on; it moves with the "
        "event rate.",
        formula="TP / (TP + FP), positive: p >= t",
        interval=WILSON,
        not_assessable="Nobody is at or above the threshold",
        best="higher",
        compute=compute_ppv,
        needs_both=False,
        by_threshold=True,
    ),
    Metric(
        name="npv",
        subject="threshold",
        title="Negative predictive value",
        text="Share without the event among patients below the threshold, whoever is acted on; it moves with the "
        "event rate.",
        formula="TN / (TN + FN), positive: p >= t",
        interval=WILSON,
        not_assessable="Nobody is below the threshold",
        best="higher",
        compute=compute_npv,
        needs_both=False,
        by_threshold=True,
    ),
    Metric(
        name="share_acted_on",
        subject="threshold",
        title="Share acted on",
        text="Share of patients who would be acted on: at or above the threshold, or below it where the action is for "
        "those.",
        formula="(TP + FP) / n, positive: p >= t; acting below t: (TN + FN) / n",
        interval=WILSON,
        best="none",
        compute=compute_share_acted_on,
        needs_both=False,
        least_in_subgroup=10,
        by_threshold=True,
    ),
)
