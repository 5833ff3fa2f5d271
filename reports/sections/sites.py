"""Sites that the models never saw: each of them, what they say together, and how unlike their patients are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import draw_key, pens_of, render_svg
from reports.figures.sites import draw_sites
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.case_mix import tabulate_case_mix
from reports.sections.elsewhere import is_evaluation
from reports.sections.participants import mark_of
from reports.sections.verdict import primary_verdict
from reports.tables import (
    EMPTY,
    PLANNED,
    count_cell,
    count_words,
    describe_intervals,
    digits_of,
    distinct,
    estimate_cell,
    first_row,
    format_count,
    format_interval,
    format_number,
    number_cell,
    plain_rows,
    rows_where,
    suppression_note,
    title_of,
    words_of,
)
from reports.views import make_slug, models_in

VALIDATION = "internal-external"
DRAWN = {False: ("c_statistic", "calibration_slope", "oe_ratio"), True: ("mae", "score_slope", "mean_difference")}
LISTED = {
    False: ("c_statistic", "calibration_slope", "oe_ratio", "calibration_in_the_large", "brier_score", "log_loss"),
    True: ("mae", "mean_difference", "score_slope"),
}
"""Drawn, and listed by site, for outcomes that occur or not and for scores."""
PRIMARY = {False: "log_loss", True: "mae"}
HARDLY = 5
NOT_ASKED = (
    "No site was left out in turn: the study does not ask for it. To ask for it, add [internal_external] to the "
    "study; every site, or group of small sites, is then predicted by models that were fitted and tuned without it."
)
NOT_HERE = (
    "Leaving sites out in turn belongs to a development. Below is how the patients differ from those on whom the "
    "models were developed, as the models see them; whether predictors tell the two apart cannot be computed, as the "
    "patients of the development are not at hand."
)
NOT_POSSIBLE = "The study asks for every site to be left out in turn; here no site could be"
REFUSED = "no site is left out in turn"
"""With this a note of the run begins, behind the name of the outcome, that says why."""


def build_sites(run: RunFolder) -> list[Block]:
    """Build the forest plot, the summary and the tables of sites, and the case mix of sites and datasets."""
    sites = run.tables["sites"].assign(validation=VALIDATION, interval_target="")
    blocks: list[Block] = [Text(text=_introduce(run, sites))]
    for outcome in run.outcomes:
        own = rows_where(sites, outcome=outcome.name)
        mix = rows_where(run.tables["case_mix"], outcome=outcome.name)
        if own.empty and mix.empty:
            continue
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"sites-{outcome.name}"))
        if not own.empty:
            blocks += _build_outcome(run, outcome, own)
        if not mix.empty:
            blocks.append(tabulate_case_mix(run, outcome, mix))
    return blocks


def _introduce(run: RunFolder, sites: pd.DataFrame) -> str:
    if is_evaluation(run):
        return NOT_HERE
    if sites.empty:
        return _say_why_not(run) if run.facts.study.internal_external else NOT_ASKED
    return (
        "Internal-external validation: every site was left out in turn, and the whole procedure, with its imputation "
        "and its tuning, was carried out again on the others; so each site is predicted by models that never saw it. "
        "Patients with operations at several sites were never on both sides. How many patients of a site are of "
        "unknown outcome is taken from that site, and not from the others. Sites with too few events were left out "
        f"together, by a rule {PLANNED} that looks at nothing but their counts; the models of this report are fitted "
        "on all sites. The summary is a random-effects mean over sites. The prediction interval is the one to read: in "
        "95 of 100 new sites like these the measure should lie inside it. It takes the sites as a sample of those "
        "that the model may meet, and the spread between them as known, so that with few sites it promises somewhat "
        "too much. Sites differ for three reasons: other patients (see case mix), another level of risk (calibration "
        "in the large), and predictors that weigh differently (calibration slope)."
    )


def _say_why_not(run: RunFolder) -> str:
    reasons = [run.in_words(note) for note in run.facts.notes if REFUSED in note]
    return f"{NOT_POSSIBLE}. {' '.join(f'{text[0].upper()}{text[1:]}.' for text in reasons)}".rstrip()


def _build_outcome(run: RunFolder, outcome: OutcomeFacts, sites: pd.DataFrame) -> list[Block]:
    meta = rows_where(run.tables["meta"], outcome=outcome.name, validation=VALIDATION)
    blocks: list[Block] = [Text(text=_word_result(run, outcome, meta)), _draw_forest(run, outcome, sites, meta)]
    blocks += _list_summaries(run, outcome, meta)
    own = rows_where(sites, reference="")
    blocks += [_tabulate_sites(run, outcome, model, rows_where(own, model=model)) for model in models_in(run, own)]
    compared = sites[sites["reference"] != ""]
    if not compared.empty:
        blocks.append(_tabulate_differences(run, outcome, compared))
    merged = own[own["merged"] > 1].drop_duplicates("site")
    if not merged.empty:
        blocks.append(_list_merged(run, outcome, merged))
    return blocks


def _is_score(outcome: OutcomeFacts) -> bool:
    return outcome.kind == "score"


def _word_result(run: RunFolder, outcome: OutcomeFacts, meta: pd.DataFrame) -> str:
    """Say in words what the difference to the reference is in a new site."""
    metric = PRIMARY[_is_score(outcome)]
    rows = rows_where(meta, metric=metric)
    sentences = [_word_difference(run, row, metric) for _, row in rows[rows["reference"] != ""].iterrows()]
    return " ".join(sentences) or "Only the reference was refitted without each site: there is no difference to report."


def _word_difference(run: RunFolder, row: pd.Series, metric: str) -> str:
    names = f"{run.model_title(str(row['model']))} against {run.model_title(str(row['reference']))}"
    if row["status"] != "ok":
        return f"{names}: no summary over sites ({row['interval_kind']})."
    digits = digits_of(metric)
    text = f"{names}, over {count_words(int(row['n_sites']), 'site')}: difference in {words_of(metric)} "
    text += f"{format_number(float(row['estimate']), digits)} (95 % CI {_interval(row, digits)})"
    new = _prediction(row, digits)
    text += f"; in a new site {new}. " if new else "; no prediction interval from so few sites. "
    probability = _percent(row)
    if probability:
        text += f"The probability that in a new site it is {row['statement']} is {probability}."
    return text.rstrip()


def _interval(row: pd.Series, digits: int) -> str:
    return format_interval(float(row["lower"]), float(row["upper"]), digits)


def _prediction(row: pd.Series, digits: int) -> str:
    return format_interval(float(row["prediction_lower"]), float(row["prediction_upper"]), digits)


def _percent(row: pd.Series) -> str:
    value = float(row["probability"])
    if pd.isna(value):
        return ""
    share = 100 * value
    if share < 1 or share > 99:
        return "below 1 %" if share < 1 else "above 99 %"
    return f"{format_number(share, 0)} %"


def _draw_forest(run: RunFolder, outcome: OutcomeFacts, sites: pd.DataFrame, meta: pd.DataFrame) -> Figure:
    name = make_slug("sites-forest", outcome.name)
    order = _order_sites(sites)
    draw = partial(_draw_panels, run=run, outcome=outcome, sites=sites, meta=meta, order=order)
    return Figure(
        name=name,
        caption=f"Sites that the models never saw, with 95 % intervals. {outcome.title}. In brackets "
        f"{'patients' if _is_score(outcome) else 'operations / events'}. Below the line the random-effects mean with "
        "its interval, and as a pale bar the 95 % prediction interval for a new site. A site without a mark was not "
        "assessable or is not shown.",
        description=_describe_forest(run, outcome, meta, len(order)),
        svg=render_svg(draw, name=name, height_mm=26 + 4.2 * (len(order) + 2), mark=mark_of(run)),
    )


def _order_sites(sites: pd.DataFrame) -> tuple[str, ...]:
    """Return single sites by name, then the groups, as they stand in the table."""
    return distinct(sites["site"])


def _draw_panels(
    canvas: Canvas,
    *,
    run: RunFolder,
    outcome: OutcomeFacts,
    sites: pd.DataFrame,
    meta: pd.DataFrame,
    order: tuple[str, ...],
) -> None:
    reference = run.facts.study.reference
    pens = pens_of([model.name for model in run.facts.models], reference)
    models = models_in(run, sites)
    others = tuple(model for model in models if model != reference)
    panels = [(metric, "") for metric in DRAWN[_is_score(outcome)]]
    panels += [(PRIMARY[_is_score(outcome)], reference)] if others else []
    for k, (metric, base) in enumerate(panels):
        ax = canvas.add_subplot(1, len(panels), k + 1)
        rows, pooled = (rows_where(table, reference=base, metric=metric) for table in (sites, meta))
        shown = others if base else models
        margin = _margin(run, meta, metric) if base else None
        draw_sites(rows, pooled, ax, metric=metric, sites=order, models=shown, pens=pens, margin=margin)
        labels = [*(_label(sites, site) for site in order), "Mean over sites", "A new site"]
        ax.set_yticks(range(len(labels)), labels if k == 0 else [""] * len(labels))
        for tick in ax.get_yticklabels()[-2:]:
            tick.set_fontweight("bold")
    draw_key(canvas, [run.model_title(model) for model in models], [pens[model] for model in models])


def _margin(run: RunFolder, meta: pd.DataFrame, metric: str) -> float | None:
    row = first_row(meta, model=run.facts.study.reference, reference="", metric=metric)
    if row is None or row["status"] != "ok":
        return None
    return run.facts.study.margin_relative_log_loss * float(row["estimate"])


def _label(sites: pd.DataFrame, site: str) -> str:
    rows = rows_where(sites, site=site, reference="")
    if (rows["status"] == "suppressed").all():
        return site
    counts = (format_count(rows[name].iloc[0]) for name in ("n", "events"))
    return f"{site} ({' / '.join(filter(None, counts))})"


def _describe_forest(run: RunFolder, outcome: OutcomeFacts, meta: pd.DataFrame, n_sites: int) -> str:
    parts = []
    for metric in DRAWN[_is_score(outcome)]:
        rows = rows_where(meta, metric=metric, reference="")
        parts += [f"{title_of(metric)}, {_word_summary(run, row, metric)}" for _, row in rows.iterrows()]
    return f"Forest plot of {count_words(n_sites, 'site')} or groups of sites. Means: {'; '.join(parts)}."


def _word_summary(run: RunFolder, row: pd.Series, metric: str) -> str:
    title = run.model_title(str(row["model"]))
    if row["status"] != "ok":
        return f"{title} not assessable"
    digits = digits_of(metric)
    new = _prediction(row, digits)
    return f"{title} {format_number(float(row['estimate']), digits)}" + (f", in a new site {new}" if new else "")


def _list_summaries(run: RunFolder, outcome: OutcomeFacts, meta: pd.DataFrame) -> Iterator[Table]:
    """Yield the summary of the reference and the rival, open, and that of the other models, closed."""
    verdict = primary_verdict(run, outcome.name)
    first = set(meta["model"]) if verdict is None else {run.facts.study.reference, str(verdict["model"])}
    own = meta["model"].isin(first)
    if own.any():
        yield replace(_tabulate_summary(run, outcome, meta[own]), folded=bool(outcome.from_score))
    if not own.all():
        table = _tabulate_summary(run, outcome, meta[~own])
        name = make_slug("sites-summary-further", outcome.name)
        yield replace(table, name=name, caption=f"{table.caption} Further models.", folded=True, file="meta.csv")


def _tabulate_summary(run: RunFolder, outcome: OutcomeFacts, meta: pd.DataFrame) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for model in models_in(run, meta):
        for reference in distinct(rows_where(meta, model=model)["reference"]):
            words = f", difference from {run.model_title(reference)}" if reference else ""
            rows.append((Cell(text=f"{run.model_title(model)}{words}", style="group"), *[Cell(text="")] * 6))
            part = rows_where(meta, model=model, reference=reference)
            rows += [_summary_row(row) for _, row in part.iterrows()]
    notes = [
        "Tau is the standard deviation between sites on the scale of the summary: log-odds for the c-statistic, "
        "logarithm for O:E, else the measure's own. I² is the share of variation that lies between sites; it depends "
        "on how large the sites are and is not to be read alone.",
        *_note_few(meta),
        f"Intervals of the mean: {'; or '.join(distinct(meta.loc[meta['status'] == 'ok', 'interval_kind']))}.",
    ]
    return Table(
        name=make_slug("sites-summary", outcome.name),
        caption=f"Random-effects summary over sites. {outcome.title}.",
        columns=("Measure", "Sites", "Mean over sites", "A new site (95 %)", "Tau", "I²", "In a new site"),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _note_few(meta: pd.DataFrame) -> Iterator[str]:
    shown = meta.loc[meta["status"] == "ok", "n_sites"]
    if not shown.empty and shown.min() < HARDLY:
        yield f"A prediction interval from fewer than {HARDLY} sites is hardly informative; from two there is none."
    if not shown.empty and shown.min() < shown.max():
        yield "Measures rest on different numbers of sites: one without an estimate, or one not shown, is left out."


def _summary_row(row: pd.Series) -> tuple[Cell, ...]:
    metric = str(row["metric"])
    title = title_of(metric)
    if not pd.isna(row["threshold_probability"]):
        title += f" at {format_number(100 * float(row['threshold_probability']), 0)} %"
    name = Cell(text=title, style="indent")
    if row["status"] != "ok":
        return (
            name,
            number_cell(format_count(row["n_sites"])),
            Cell(text=str(row["status"]), style="muted"),
            *[EMPTY] * 4,
        )
    digits = digits_of(metric)
    tau = format_number(float(row["tau"]), max(digits, 2))
    probability = _percent(row)
    return (
        name,
        number_cell(format_count(row["n_sites"])),
        number_cell(format_number(float(row["estimate"]), digits), detail=_interval(row, digits)),
        number_cell(_prediction(row, digits)),
        number_cell(tau, detail=format_interval(float(row["tau_lower"]), float(row["tau_upper"]), max(digits, 2))),
        number_cell(f"{format_number(float(row['i_squared']), 0)} %"),
        Cell(text=f"{row['statement']}: {probability}") if probability else EMPTY,
    )


def _tabulate_sites(run: RunFolder, outcome: OutcomeFacts, model: str, frame: pd.DataFrame) -> Table:
    metrics = LISTED[_is_score(outcome)]
    counts = ("n",) if _is_score(outcome) else ("n", "Events")
    return Table(
        name=make_slug("sites", outcome.name, model),
        caption=f"Sites that the models never saw, {run.model_title(model)}. {outcome.title}.",
        columns=("Site", *counts, *(title_of(metric) for metric in metrics)),
        rows=tuple(_site_row(rows_where(frame, site=site), counts, metrics) for site in distinct(frame["site"])),
        notes=_note_intervals(run, frame[frame["metric"].isin(metrics)]),
        folded=True,
        file="sites.csv",
    )


def _site_row(rows: pd.DataFrame, counts: tuple[str, ...], metrics: tuple[str, ...]) -> tuple[Cell, ...]:
    first = rows.iloc[0]
    hidden = "suppressed" if (rows["status"] == "suppressed").all() else "ok"
    return (
        Cell(text=str(first["site"])),
        *(count_cell(first[name.lower()], status=hidden) for name in counts),
        *(estimate_cell(first_row(rows, metric=metric)) for metric in metrics),
    )


def _note_intervals(run: RunFolder, frame: pd.DataFrame) -> tuple[str, ...]:
    notes = [describe_intervals(frame)]
    if (frame["status"] == "suppressed").any():
        notes.append(suppression_note(run.facts.study.suppress_below))
    return tuple(note for note in notes if note)


def _tabulate_differences(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Table:
    metrics = distinct(frame["metric"])
    models = models_in(run, frame)
    return Table(
        name=make_slug("sites-differences", outcome.name),
        caption=f"Differences from the reference in sites that the models never saw. {outcome.title}.",
        columns=("Site", *(f"{run.model_title(model)}: {words_of(m)}" for model in models for m in metrics)),
        rows=tuple(
            (
                Cell(text=site),
                *(estimate_cell(first_row(frame, site=site, model=m, metric=k)) for m in models for k in metrics),
            )
            for site in distinct(frame["site"])
        ),
        notes=_note_intervals(run, frame),
        folded=True,
        file="sites.csv",
    )


def _list_merged(run: RunFolder, outcome: OutcomeFacts, merged: pd.DataFrame) -> Table:
    return Table(
        name=make_slug("sites-merged", outcome.name),
        caption=f"Sites that were left out together, for want of events. {outcome.title}.",
        columns=("Called", "Sites"),
        rows=plain_rows((str(row["site"]), str(row["members"]).replace("; ", ", ")) for _, row in merged.iterrows()),
        notes=("In the order of their names, until a group had the events that the study asks for.",),
    )
