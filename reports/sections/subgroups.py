"""Calibration by subgroup, with small cells suppressed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from pipelines.groups.held_groups import UNKNOWN
from reports.blocks import Block, Figure, Text
from reports.figures.canvas import pens_of, render_svg
from reports.figures.forest import draw_gaps, draw_levels
from reports.measures import measures_of
from reports.run_folder import RunFolder
from reports.sections import subgroup_words as words
from reports.sections.participants import mark_of
from reports.sections.subgroup_tables import (
    tabulate_ascertainment,
    tabulate_groups,
    tabulate_precision,
    tabulate_tests,
    tabulate_thresholds,
)
from reports.tables import (
    OVERALL,
    PLANNED,
    digits_of,
    distinct,
    estimate_words,
    first_row,
    format_count,
    format_interval,
    format_number,
    join_words,
    rows_where,
    status_text,
    title_of,
)
from reports.views import View, make_slug, models_in, views_of

Levels = tuple[tuple[str, str], ...]

LEFT_OUT = "internal-external"


@dataclass(frozen=True, kw_only=True)
class Forest:
    """What a figure draws of the reference: measures of every level, and beside them its gap.

    Parameters
    ----------
    frame, gaps
        Rows of the evaluation by group; rows of the audit of `primary`, none where no gap can be drawn.
    levels
        Subgroup and level of each row from the top; an empty level is a heading.
    measures
        Of `frame`, a panel each.
    primary
        The measure of the gaps.
    """

    frame: pd.DataFrame
    gaps: pd.DataFrame
    levels: Levels
    measures: tuple[str, ...]
    primary: str

    @property
    def margin(self) -> float | None:
        """Largest gap that is taken as none; None where the study sets none on this scale."""
        margins = self.gaps["margin"].dropna()
        return float(margins.iloc[0]) if len(margins) else None


def build_subgroups(run: RunFolder) -> list[Block]:
    """Build what is known of each group, then calibration by group and the gaps, for every view.

    Notes
    -----
    Of the models the reference and the rival of the verdict are printed; the files of the run hold the others.
    """
    study = run.facts.study
    if not study.subgroups and study.unattainable != "flag":
        return [Text(text="The study declares no subgroup.")]
    blocks: list[Block] = [
        Text(
            text=f"Subgroups are {PLANNED}; operations without a recorded value form a level of their "
            f"own. Levels with fewer than {study.suppress_below} patients, events or patients without the event are "
            "suppressed, and so are levels from which such a one could be found by subtraction. With too few events "
            "or patients without the event an estimate is not assessable. Every interval is unadjusted for the number "
            "of subgroups; a wide interval is no evidence of equal performance. The c-statistic differs between "
            "levels also where risks are merely more alike."
        ),
        *_explain_audit(run),
        Text(text=words.WHERE, kind="note"),
    ]
    for outcome in run.outcomes:
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"subgroups-{outcome.name}"))
        known = run.tables["ascertainment"]
        datasets = distinct(rows_where(known, outcome=outcome.name)["dataset"])
        tables = (tabulate_ascertainment(run, outcome, dataset) for dataset in datasets)
        blocks += [table for table in tables if table is not None]
        for view in views_of(run, outcome):
            blocks.append(Text(text=view.short_title, kind="heading", anchor=f"subgroups-{view.slug}"))
            blocks += _build_left_out(run, view) if view.validation == LEFT_OUT else _build_view(run, view)
    return blocks


def _explain_audit(run: RunFolder) -> list[Block]:
    """Say what the audit is about, how it concludes, and what no audit can show."""
    gaps = run.tables["gaps"]
    held = _explain_held(run)
    if gaps.empty:
        return [Text(text=text) for text in (words.EMPTY, words.LABEL_BIAS, held) if text]
    margins = gaps["margin"].dropna()
    judged = words.CONCLUDING.format(margin=f"{margins.iloc[0]:g}") if len(margins) else ""
    texts = ((words.LABEL_BIAS, words.PROCEDURE), (words.GAPS, judged), (held,))
    return [
        *(Text(text=text) for parts in texts if (text := " ".join(part for part in parts if part))),
        *(Text(text=text, kind="note") for text in (f"{words.MULTIPLICITY} {words.NOT_FAIR}", words.IMPOSSIBLE)),
    ]


def _explain_held(run: RunFolder) -> str:
    """Say of which attributes a mean is not informative, and why; nothing where there are none."""
    frame = run.tables["evaluation"]
    held = frame[(frame["status"] == "not informative") & ~frame["subgroup"].isin(OVERALL)]
    names = [run.predictor_title(name) for name in distinct(held["subgroup"])]
    free = frame[(frame["status"] == "ok") & (frame["level"] == UNKNOWN) & frame["subgroup"].isin(held["subgroup"])]
    free = free[(free["validation"] == "internal") & free["metric"].isin(held["metric"])]
    judged = join_words(run.predictor_title(name) for name in distinct(free["subgroup"]))
    but = words.HELD_BUT_UNKNOWN.format(names=judged) if judged else ""
    return words.HELD.format(names=join_words(names), are="is" if len(names) == 1 else "are") + but if names else ""


def _list_printed(run: RunFolder, view: View, frame: pd.DataFrame) -> list[str]:
    """Return the reference and the rival of the verdict, where there are rows of them."""
    primary = rows_where(run.tables["verdicts"], role="primary")
    own = rows_where(primary, outcome=view.outcome.name)
    rivals = distinct((primary if own.empty else own)["model"])[:1]
    return [model for model in models_in(run, frame) if model in (run.facts.study.reference, *rivals)]


def _build_view(run: RunFolder, view: View) -> list[Block]:
    frame = view.select(run.tables["evaluation"])
    frame = frame[~frame["subgroup"].isin(OVERALL)]
    gaps = view.select(run.tables["gaps"])
    reference = run.facts.study.reference
    blocks: list[Block] = list(_draw_forest(run, view, *(rows_where(part, model=reference) for part in (frame, gaps))))
    for model in _list_printed(run, view, frame):
        blocks += _build_model(run, view, model, rows_where(frame, model=model), rows_where(gaps, model=model))
    return blocks


def _build_left_out(run: RunFolder, view: View) -> list[Block]:
    """Print what sites that were left out say of the other attributes, of the reference alone."""
    reference = run.facts.study.reference
    frame = rows_where(view.select(run.tables["evaluation"]), model=reference)
    frame = frame[~frame["subgroup"].isin((*OVERALL, "site")) & (frame["status"] != "not informative")]
    said: list[Block] = [Text(text=words.LEFT_OUT)]
    return said if frame.empty else [*said, tabulate_groups(run, view, reference, frame, run.tables["gaps"].iloc[:0])]


def _build_model(run: RunFolder, view: View, model: str, frame: pd.DataFrame, gaps: pd.DataFrame) -> list[Block]:
    blocks: list[Block] = [tabulate_groups(run, view, model, frame, gaps)]
    blocks += tabulate_thresholds(run, view, model, frame)
    if model == run.facts.study.reference and not gaps.empty:
        more = (tabulate_tests(run, view, model, gaps), tabulate_precision(run, view, model, gaps))
        blocks += [table for table in more if table is not None]
    return blocks


def _largest_gaps(gaps: pd.DataFrame, metric: str) -> Iterator[pd.Series]:
    rows = gaps[(gaps["level"] == words.ANY) & (gaps["metric"] == metric) & gaps["estimate"].notna()]
    return (row for _, row in rows.iterrows())


def _word_largest(run: RunFolder, row: pd.Series) -> str:
    title = run.predictor_title(str(row["subgroup"]))
    conclusion = words.CONCLUSIONS.get(str(row["conclusion"]), "")
    if row["status"] != "ok":
        return f"{title}: {status_text(str(row['status']), str(row['validation']))}."
    digits = digits_of(str(row["metric"]))
    value = format_number(float(row["estimate"]), digits)
    interval = format_interval(float(row["lower"]), float(row["upper"]), digits)
    said = f"{title}: largest gap {value} (95 % CI for all groups at once {interval})"
    return f"{said}, {conclusion}." if conclusion else f"{said}."


def _draw_forest(run: RunFolder, view: View, frame: pd.DataFrame, gaps: pd.DataFrame) -> Iterator[Block]:
    """Yield the largest gaps in words, and what can be drawn of the reference by group."""
    primary = next((name for name in words.GAP_TITLES if name in set(gaps["metric"])), "")
    chosen = measures_of(view.outcome.kind)
    own = gaps[(gaps["against"] == "rest") & (gaps["level"] != words.ANY) & (gaps["metric"] == primary)]
    said = [_word_largest(run, row) for row in _largest_gaps(gaps, primary)]
    if said:
        yield Text(text=" ".join(said))
    left_out = [primary] if chosen.has_events else []
    measures = tuple(name for name in chosen.subgroup if name not in left_out and _is_drawn(frame, name))
    forest = Forest(
        frame=frame, gaps=own if (own["status"] == "ok").any() else own.iloc[:0], levels=_list_levels(run, frame),
        measures=measures, primary=primary,
    )  # fmt: skip
    if not measures and forest.gaps.empty:
        return
    name = make_slug("subgroup-forest", view.slug)
    counted = "operations / events" if chosen.has_events else "operations"
    shaded = "" if forest.margin is None else f" The shaded band is the margin of {forest.margin:g} that the plan sets."
    yield Figure(
        name=name,
        caption=f"Calibration by subgroup, {run.model_title(run.facts.study.reference)} (the reference), with 95 % "
        f"intervals, unadjusted. {view.title}. The vertical line is perfect calibration, or no gap.{shaded} In "
        f"brackets {counted}.",
        description=_describe_forest(run, forest),
        svg=render_svg(
            partial(_draw_panels, run=run, forest=forest),
            name=name,
            height_mm=18 + 4.4 * len(forest.levels),
            mark=mark_of(run),
        ),
    )


def _is_drawn(frame: pd.DataFrame, metric: str) -> bool:
    return bool((rows_where(frame, metric=metric)["status"] == "ok").any())


def _list_levels(run: RunFolder, frame: pd.DataFrame) -> Levels:
    """List subgroup and level in order, each subgroup headed by a row without a level."""
    return tuple(
        (subgroup, level)
        for subgroup in distinct(frame["subgroup"])
        for level in ("", *run.order_levels(subgroup, distinct(rows_where(frame, subgroup=subgroup)["level"])))
    )


def _draw_panels(canvas: Canvas, *, run: RunFolder, forest: Forest) -> None:
    pen = pens_of([run.facts.study.reference], run.facts.study.reference)[run.facts.study.reference]
    n_panels = len(forest.measures) + (not forest.gaps.empty)
    for k in range(n_panels):
        ax = canvas.add_subplot(1, n_panels, k + 1)
        if k < len(forest.measures):
            draw_levels(forest.frame, ax, metric=forest.measures[k], levels=forest.levels, pen=pen)
        else:
            draw_gaps(forest.gaps, ax, metric=forest.primary, levels=forest.levels, pen=pen, margin=forest.margin)
        labels = [_label_level(run, forest.frame, subgroup, level) for subgroup, level in forest.levels]
        ax.set_yticks(range(len(labels)), labels if k == 0 else [""] * len(labels))
        for tick, (_, level) in zip(ax.get_yticklabels(), forest.levels, strict=True):
            tick.set_fontweight("normal" if level else "bold")


def _label_level(run: RunFolder, frame: pd.DataFrame, subgroup: str, level: str) -> str:
    if not level:
        return run.predictor_title(subgroup)
    rows = rows_where(frame, subgroup=subgroup, level=level)
    title = run.level_title(subgroup, level)
    if rows["n"].isna().any() or (rows["status"] == "suppressed").all():
        return title
    counts = (format_count(rows[name].iloc[0]) for name in ("n", "events"))
    return f"{title} ({' / '.join(filter(None, counts))})"


def _describe_forest(run: RunFolder, forest: Forest) -> str:
    """Say in words and numbers what is drawn: the first measure, and the gaps."""
    drawn = [(forest.frame, forest.measures[0], title_of(forest.measures[0]))] if forest.measures else []
    if not forest.gaps.empty:
        drawn.append((forest.gaps, forest.primary, words.GAP_TITLES[forest.primary]))
    parts = (f"{title}: {_list_estimates(run, rows, forest.levels, metric)}." for rows, metric, title in drawn)
    return f"Forest plot by subgroup. {' '.join(parts)}"


def _list_estimates(run: RunFolder, frame: pd.DataFrame, levels: Levels, metric: str) -> str:
    return "; ".join(
        f"{run.predictor_title(subgroup)} {run.level_title(subgroup, level)} "
        f"{estimate_words(first_row(frame, subgroup=subgroup, level=level, metric=metric))}"
        for subgroup, level in levels
        if level
    )
