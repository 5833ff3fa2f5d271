"""Every site left out in turn: which sites stand alone, which are put together, and the tasks of the fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.by_site.sites import INTERNAL_EXTERNAL, UNKNOWN
from pipelines.folds import FoldTask
from pipelines.intervals import IntArray
from pipelines.models import MACHINE_LEARNING, MODELS, find_rival, list_learners
from schemas.errors import StudyError, unknown_name
from schemas.study import Study


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """Patients by site, one set per kind of outcome: with the event and without it, or all of a score."""

    kinds: tuple[Mapping[str, frozenset[int]], ...]

    def fewest(self, sites: Iterable[str]) -> int:
        """Return the number of patients of the rarer kind in these sites together."""
        names = tuple(sites)
        return min(len(frozenset().union(*(kind.get(name, frozenset()) for name in names))) for kind in self.kinds)


def merge_sites(cohort: Cohort, *, least: int) -> tuple[tuple[str, ...], ...]:
    """Return the sites that are left out together: alone where they are large enough, else in groups.

    Parameters
    ----------
    cohort
        The patients of one outcome; operations without a recorded site count as a site called unknown.
    least
        Fewest patients with the event, and without it, of a part that is left out; of a score fewest patients.

    Returns
    -------
    tuple of tuple of str
        Site names, each once: sites that stand alone by name, then the groups.

    Notes
    -----
    The rule looks at nothing but these counts and the names. Sites below `least` are taken in the order of their names
    and put together until the group has `least`; then the next group begins. What remains at the end joins the last
    group, or where there is none the smallest of the other sites. So every part has `least` of both kinds, unless all
    sites together have not. The order is not that of the counts: sites with few events, set side by side because of
    it, would make groups whose event rates differ by that choice alone.
    """
    counted = _count(cohort)
    names = sorted(set(_label(cohort)))
    size = {name: counted.fewest((name,)) for name in names}
    alone = [(name,) for name in names if size[name] >= least]
    groups: list[tuple[str, ...]] = []
    open_group: tuple[str, ...] = ()
    for name in (name for name in names if size[name] < least):
        open_group += (name,)
        if counted.fewest(open_group) >= least:
            groups.append(open_group)
            open_group = ()
    if open_group and groups:
        groups[-1] += open_group
    elif open_group and alone:
        smallest = min(alone, key=lambda part: (size[part[0]], part))
        alone.remove(smallest)
        groups.append(smallest + open_group)
    elif open_group:
        groups.append(open_group)
    return (*alone, *(tuple(sorted(group)) for group in groups))


def _count(cohort: Cohort) -> _Counted:
    y = cohort.y_counted
    known = np.isfinite(y)
    kinds = (known,) if cohort.outcome.score else (y == 1, y == 0)
    patient = pd.factorize(pd.Series(cohort.patient).astype(str))[0]
    site = _label(cohort)
    return _Counted(
        kinds=tuple(
            {str(name): frozenset(own) for name, own in pd.Series(patient[rows]).groupby(site[rows])} for rows in kinds
        )
    )


def _label(cohort: Cohort) -> npt.NDArray[np.object_]:
    return np.array([str(site) or UNKNOWN for site in cohort.site], dtype=object)


def choose_site_models(study: Study) -> tuple[str, ...]:
    """Return the models that are refitted without each site: the reference first, then those the study names.

    Raises
    ------
    StudyError
        If the study names one that does not exist.

    Notes
    -----
    Where it names none they are what the verdict is about: all learners of the study where it has several, so that the
    choice between them is made without the site as well; else the only learner; else the first other model.
    """
    asked = study.internal_external.models if study.internal_external else ()
    for name in asked:
        if name not in MODELS:
            raise StudyError(unknown_name("a model of internal_external", name, MODELS))
    return tuple(dict.fromkeys((study.reference, *(asked or _list_rivals(study)))))


def _list_rivals(study: Study) -> tuple[str, ...]:
    rival = find_rival(study.all_models, study.reference)
    if rival == MACHINE_LEARNING:
        return list_learners(study.all_models)
    return (rival,) if rival else ()


def reason_to_skip_sites(study: Study, cohort: Cohort) -> str:
    """Return why sites cannot be left out in turn, or an empty text, also where the study does not ask for it."""
    if study.internal_external is None:
        return ""
    return _reason(study, cohort, merge_sites(cohort, least=study.internal_external.least_events))


def _reason(study: Study, cohort: Cohort, parts: Sequence[tuple[str, ...]]) -> str:
    if set(_label(cohort)) == {UNKNOWN}:
        return "no operation has a recorded site (column site)"
    if len(parts) < 2:
        least = study.internal_external.least_events if study.internal_external else 0
        kinds = "patients" if cohort.outcome.score else "patients with the event and without it"
        return f"at least two sites, or groups of sites, must have {least} {kinds} to leave one out, got fewer"
    y, needed = cohort.y_counted, study.split.inner_folds
    kinds_of = [np.isfinite(y)] if cohort.outcome.score else [y == 1, y == 0]
    for train, _ in _split(cohort, parts):
        if any(len(set(cohort.patient[train[kind[train]]])) < needed for kind in kinds_of):
            return f"without any one site the others must have {needed} patients with and without the event, got fewer"
    return ""


def list_site_tasks(study: Study, name: str, cohort: Cohort) -> list[FoldTask]:
    """List the fits of internal-external validation, one per site or group of sites.

    Parameters
    ----------
    study
        The plan; `internal_external` must be asked for, or the list is empty.
    name
        Name of the outcome.
    cohort
        Its patients.

    Returns
    -------
    list of FoldTask
        In the order of `merge_sites`; the fold is the number of the part that is left out.

    Raises
    ------
    StudyError
        If there are fewer than two parts, or the others would have too few events; see `reason_to_skip_sites`.

    Notes
    -----
    Patients with operations at several sites are never on both sides: while one of their sites is left out, none of
    their operations is trained on. Operations without a recorded site might be of the site that is left out: they are
    predicted and never trained on.
    """
    if study.internal_external is None:
        return []
    parts = merge_sites(cohort, least=study.internal_external.least_events)
    if reason := _reason(study, cohort, parts):
        raise StudyError(f"{name}: {reason}; take internal_external out of the study or lower its least_events")
    models = choose_site_models(study)
    return [
        FoldTask(
            outcome=name, models=models, repeat=0, fold=fold, train=train, test=test, explained=False,
            validation=INTERNAL_EXTERNAL,
        )
        for fold, (train, test) in enumerate(_split(cohort, parts))
    ]  # fmt: skip


def _split(cohort: Cohort, parts: Sequence[tuple[str, ...]]) -> list[tuple[IntArray, IntArray]]:
    """Return the training rows and the rows left out, of each part."""
    number = {site: fold for fold, part in enumerate(parts) for site in part}
    site = _label(cohort)
    fold = np.array([number[name] for name in site], dtype=np.int64)
    patient = pd.factorize(pd.Series(cohort.patient).astype(str))[0]
    split = []
    for k in range(len(parts)):
        held = fold == k
        known_here = np.isin(patient, patient[held])
        split.append((np.flatnonzero((site != UNKNOWN) & ~known_here), np.flatnonzero(held)))
    return split
