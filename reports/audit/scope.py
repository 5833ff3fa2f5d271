"""What an audit is about: which analyses, which models are printed, and how what was asked for is cut out of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import OVERALL, distinct, rows_where
from reports.views import View, models_in, views_of
from schemas.errors import StudyError, unknown_name

LEFT_OUT = "internal-external"
FOLDED = ("internal", LEFT_OUT)
PROCEDURE, LOCKED = "procedure", "locked models"
BY_GROUP = ("evaluation", "gaps", "ascertainment", "group_calibration")
"""Tables with a column ``subgroup``."""
SITE = "site"


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """One analysis under audit: an outcome, validated in one way on one dataset, and the models that are printed.

    Parameters
    ----------
    view
        Outcome, dataset and validation.
    models
        The reference, and the rival that the verdict is about where there is one.
    others
        Every other model; theirs stand in folded tables and in the files.
    """

    view: View
    models: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def target(self) -> str:
        """Whether the procedure is audited, or models that are locked."""
        return PROCEDURE if self.view.validation in FOLDED else LOCKED


def list_analyses(run: RunFolder) -> Iterator[Analysis]:
    """Yield what is audited, outcome by outcome; sites that were left out in turn are shown as a funnel alone."""
    for outcome in run.outcomes:
        for view in views_of(run, outcome):
            if view.validation != LEFT_OUT:
                yield describe_analysis(run, view)


def describe_analysis(run: RunFolder, view: View) -> Analysis:
    """Return which models of a view are printed."""
    frame = by_group(view.select(run.tables["evaluation"]))
    present = models_in(run, frame)
    printed = (run.facts.study.reference, *_find_rival(run, view.outcome))
    return Analysis(
        view=view,
        models=tuple(model for model in present if model in printed),
        others=tuple(model for model in present if model not in printed),
    )


def _find_rival(run: RunFolder, outcome: OutcomeFacts) -> tuple[str, ...]:
    primary = rows_where(run.tables["verdicts"], role="primary")
    own = rows_where(primary, outcome=outcome.name)
    return distinct((primary if own.empty else own)["model"])[:1]


def by_group(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of an evaluation that are about groups."""
    return frame[~frame["subgroup"].isin(OVERALL)]


def list_levels(run: RunFolder, frame: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return attribute and level of every group in the order in which they are shown."""
    return tuple(
        (subgroup, level)
        for subgroup in distinct(frame["subgroup"])
        for level in run.order_levels(subgroup, distinct(rows_where(frame, subgroup=subgroup)["level"]))
    )


def restrict(run: RunFolder, names: Sequence[str]) -> RunFolder:
    """Return a run as if it had been audited by some of its attributes alone.

    Parameters
    ----------
    run
        A finished run.
    names
        Attributes that its plan declares.

    Raises
    ------
    StudyError
        If an attribute was not declared: groups are named in the plan, before the results.
    """
    audited = distinct(by_group(run.tables["evaluation"])["subgroup"])
    known = tuple(dict.fromkeys((*run.facts.study.subgroups, *audited)))
    for name in names:
        if name not in known:
            told = unknown_name("a group of the audit", name, known)
            raise StudyError(f"{told}; groups are declared in the study plan, under subgroups, before the results")
    tables = {name: _keep(run.tables[name], (*names, *OVERALL)) for name in BY_GROUP}
    if SITE not in names:
        tables["site_funnel"] = run.tables["site_funnel"].iloc[:0]
    study = run.facts.study.model_copy(update={"subgroups": tuple(name for name in known if name in names)})
    return replace(run, facts=run.facts.model_copy(update={"study": study}), tables=run.tables | tables)


def _keep(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    return table[table["subgroup"].isin(names)]
