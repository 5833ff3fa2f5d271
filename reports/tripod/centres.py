"""What a run says of the centres: how many the data name, and what the analysis made of them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import HIDDEN, count_words, distinct, first_row, format_count, join_words
from reports.tripod.item import Found
from reports.tripod.telling import (
    begin,
    group_alike,
    has_sites,
    is_evaluation,
    list_main,
    mid,
    name_data,
    rows_of,
    say_all,
    units,
)

FEW_SITES = 12
"""Sites that a sentence can list."""
KEPT = "All operations of a patient were kept on the same side of every split."
"""Where the data name no patients, the use of the data says what that means."""
UNKNOWN = "unknown"
"""How the tables call the operations without a recorded site, which are none."""


def tell_6a(run: RunFolder) -> Found:
    """Tell how many sites the data name, with patients and events of each, and what they were used for."""
    counted = {data.dataset: count_sites(run, data.dataset) for data in run.facts.data}
    return Found(
        status="drafted",
        paragraphs=say_all(*_word_counted(run, counted), _word_use(run, counted)),
        artefact="run.json; share/ascertainment.csv; share/sites.csv; share/evaluation.csv",
        reason="Add the kind of hospitals and where they are; a run knows sites by name only, if at all.",
    )


def count_sites(run: RunFolder, dataset: str) -> int | None:
    """Return how many sites a dataset names, from the facts of the run or from a table by site; None if neither has it.

    The table may hold fewer: only the sites of patients who were eligible.
    """
    data = next(one for one in run.facts.data if one.dataset == dataset)
    if data.n_sites is not None:
        return data.n_sites
    levels: set[str] = set()
    for outcome in list_main(run):
        told = rows_of(run, "ascertainment", outcome=outcome.name, dataset=dataset, subgroup="site")
        levels |= set(distinct(told["level"])) - {UNKNOWN}
    return len(levels) or None


def _word_counted(run: RunFolder, counted: dict[str, int | None]) -> Iterator[str]:
    silent = [name_data(run, dataset) for dataset, count in counted.items() if count is None]
    for dataset, count in counted.items():
        if count is not None:
            yield (
                f"The {name_data(run, dataset)} came from {count_words(count, 'site')}."
                f"{''.join(_list_sites(run, outcome, dataset) for outcome in list_main(run)[:1])}"
            )
    if silent:
        yield f"From how many sites the {join_words(silent)} came is not recorded in the run."


def _word_use(run: RunFolder, counted: dict[str, int | None]) -> str:
    """Say whether sites were left out in turn, looked at as groups, or not used."""
    uses = []
    if len(run.tables["sites"]):
        uses.append("left out of the development in turn, to see how models perform in a site that they have not seen")
    if has_sites(run):
        uses.append("looked at one by one, as groups of patients")
    if uses:
        return f"Sites were {join_words(uses)}."
    several = any(count is not None and count > 1 for count in counted.values())
    return "Sites were not used in the analysis: they were neither left out in turn nor compared." if several else ""


def _list_sites(run: RunFolder, outcome: OutcomeFacts, dataset: str) -> str:
    """List patients and events of few sites, as the evaluation has them."""
    rows = rows_of(
        run, "evaluation", outcome=outcome.name, dataset=dataset, subgroup="site", model=run.facts.study.reference
    )
    rows = rows[rows["validation"] != "apparent"] if len(rows) else rows
    sites = distinct(rows_of(run, "ascertainment", outcome=outcome.name, dataset=dataset, subgroup="site")["level"])
    if rows.empty or len(sites) > FEW_SITES:
        return ""
    found = [(site, first_row(rows, level=site)) for site in sites]
    parts = [f"{site} {_word_site(row)}" for site, row in found if row is not None]
    about = f" for {mid(outcome.title)}" if len(list_main(run)) > 1 else ""
    brackets = "" if outcome.kind == "score" else ", and with the event in brackets"
    return f" Analysed{about}, {units(outcome)} of each{brackets}: {'; '.join(parts)}." if parts else ""


def _word_site(row: pd.Series) -> str:
    """Return ``"161 (109)"``; a hidden count stays hidden."""
    hidden = row["status"] == "suppressed"
    n, events = ("" if hidden else format_count(row[name]) for name in ("n", "events"))
    return f"{n or HIDDEN}{f' ({events})' if events else ''}"


def tell_12d(run: RunFolder) -> Found:
    """Tell how differences between sites were studied."""
    sites = run.tables["sites"]
    if sites.empty:
        return _tell_unsummarised(run)
    return Found(
        status="filled",
        paragraphs=say_all(
            "Differences between sites were studied by internal-external validation: every site was left out in turn, "
            "the whole procedure, with its imputation and tuning, was carried out again on the others, and the site "
            "was predicted by models that had never seen it. Results by site were summarised by a random-effects model "
            "with its prediction interval for a new site and the standard deviation between sites (tau).",
            _word_parts(run),
        ),
        artefact="share/sites.csv; share/meta.csv",
    )


def _word_parts(run: RunFolder) -> str:
    """Say how many sites stood alone, and how many were left out together with others, by outcome."""
    told = []
    for outcome in list_main(run):
        parts = rows_of(run, "sites", outcome=outcome.name, reference="").drop_duplicates("site")
        own = parts[parts["site"] != UNKNOWN]
        alone, together = own[own["merged"] <= 1], own[own["merged"] > 1]
        if len(own):
            told.append((outcome.title, _word_alone(len(alone), len(together), int(together["merged"].sum()))))
    several = len(list_main(run)) > 1
    lines = [
        f"{f'for {join_words(map(mid, titles))}, ' if several else ''}{text}" for text, titles in group_alike(told)
    ]
    return begin(f"{'; '.join(lines)}.") if lines else ""


def _word_alone(alone: int, groups: int, grouped: int) -> str:
    """Return ``"4 sites were left out one by one, and 4 with too few events in 2 groups"``."""
    single = f"{count_words(alone, 'site')} {'was left out alone' if alone == 1 else 'were left out one by one'}"
    if not groups:
        return single
    small = f"with too few events {'together' if groups == 1 else f'in {groups} groups'}"
    if not alone:
        return f"{count_words(grouped, 'site')} {small} were left out"
    return f"{single}, and {format_count(grouped)} {small}"


def _tell_unsummarised(run: RunFolder) -> Found:
    """Tell what was done of sites where none was left out in turn: each is a group, or nothing was done."""
    kept = f" {KEPT}" if run.names_patients and not is_evaluation(run) else ""
    if has_sites(run):
        return Found(
            status="filled",
            paragraphs=say_all(
                "Performance was estimated in each site that the data name, as in a group of patients. It was not "
                f"summarised over sites, and no site was left out of the development in turn.{kept}"
            ),
            artefact="share/evaluation.csv; share/gaps.csv",
        )
    asked = run.facts.study.internal_external and not is_evaluation(run)
    what = "Sites could not be left out in turn" if asked else "Sites were not left out in turn"
    if is_evaluation(run):
        what = "Performance was not estimated by site"
    return Found(
        status="drafted",
        paragraphs=say_all(f"{what}, so heterogeneity between sites was not estimated.{kept}"),
        artefact="run.json",
        reason="Add whether patients come from several sites, and why differences between them were not studied.",
    )
