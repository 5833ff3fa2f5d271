"""Subgroups in two sentences, and where they are told in full."""

from __future__ import annotations

import pandas as pd

from reports.blocks import Block, Text
from reports.run_folder import RunFolder
from reports.sections.subgroup_words import ANY, CONCLUSIONS
from reports.tables import PLANNED, count_words, join_words, rows_where

PRIMARY = "calibration_in_the_large"
AUDIT_FILE = "share/audit.html"
NONE = (
    "The study declares no subgroup. To have calibration looked at group by group, name the groups under `subgroups` "
    "in the study."
)


def build_subgroup_pointer(run: RunFolder) -> list[Block]:
    """Say which subgroups the plan names, how their gaps were judged, and which document has the rest."""
    if not run.facts.study.subgroups:
        return [Text(text=NONE)]
    names = join_words(run.predictor_title(name) for name in run.facts.study.subgroups)
    return [
        Text(
            text=f"Subgroups {PLANNED}: {names}. Calibration in each group, its gap to all other patients and what "
            f"follows from it stand in a document of their own, the subgroup calibration audit ({AUDIT_FILE})."
        ),
        Text(text=_word_conclusions(run)),
    ]


def _word_conclusions(run: RunFolder) -> str:
    """Count the gaps of the reference by conclusion; those of the largest gap of an attribute are not counted again."""
    gaps = rows_where(run.tables["gaps"], model=run.facts.study.reference, metric=PRIMARY, against="rest")
    judged = gaps[(gaps["level"] != ANY) & (gaps["conclusion"] != "")]
    if judged.empty:
        return "No gap of a group was judged: the study sets no margin for gaps, or this run holds no audit of them."
    parts = [
        f"{CONCLUSIONS.get(name, name)} {len(rows_where(judged, conclusion=name))}"
        for name in _in_order(judged["conclusion"])
    ]
    return (
        f"{count_words(len(judged), 'gap')} of the reference in calibration in the large, over all outcomes and data, "
        f"by the study's margin: {', '.join(parts)}."
    )


def _in_order(conclusions: pd.Series) -> list[str]:
    found = set(conclusions)
    return [*(name for name in CONCLUSIONS if name in found), *sorted(found - set(CONCLUSIONS))]
