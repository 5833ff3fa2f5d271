"""Calibration curves by group as small multiples: the attributes beneath each other, a panel for each group."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure as Canvas

from pipelines.groups.group_curves import LEAST
from reports.audit import words
from reports.audit.scope import Analysis, by_group, list_analyses, list_levels
from reports.blocks import Block, Figure, Text
from reports.figures.canvas import draw_key, pens_of, render_svg
from reports.figures.groups import SPARSE, Panel, draw_group_curve
from reports.measures import measures_of
from reports.run_folder import RunFolder
from reports.sections.participants import mark_of
from reports.tables import estimate_words, first_row, format_count, join_words, rows_where
from reports.views import make_slug

COLUMNS = 4
MOST = 5
"""Rows of panels of one figure, so that it stays on a page."""
PANEL_MM, ROOM_MM = 40.0, 14.0
TENTH = 0.1
SLOPE = "calibration_slope"

Place = tuple[int, int, str, str]
"""Row and column of a panel, its attribute and its level."""


def build_curves(run: RunFolder) -> list[Block]:
    """Build small multiples of calibration curves for every analysis: the groups of an attribute begin a row."""
    blocks: list[Block] = []
    for analysis in list_analyses(run):
        figures = list(_draw_analysis(run, analysis))
        if figures:
            heading = Text(text=analysis.view.title, kind="subsection", anchor=f"curves-{analysis.view.slug}")
            blocks += [heading, *figures]
    if not blocks:
        return [Text(text=_say_none(run))]
    evaluation = by_group(run.tables["evaluation"])
    held = f" {words.HELD_CURVES}" if (evaluation["status"] == "not informative").any() else ""
    return [Text(text=f"{words.CURVES}{held}"), *blocks]


def _say_none(run: RunFolder) -> str:
    """Return why there is no curve: a score has none, too few events, or a run that was made without them."""
    views = [analysis.view for analysis in list_analyses(run)]
    risks = [view for view in views if measures_of(view.outcome.kind).has_events]
    if views and not risks:
        return words.NO_CURVES_OF_SCORES
    rows = pd.concat([by_group(view.select(run.tables["evaluation"])) for view in risks] or [pd.DataFrame()])
    if rows.empty:
        return words.NO_GROUPS
    shown = rows[rows["status"] != "suppressed"]
    fewest = shown["events"].combine(shown["n"] - shown["events"], min)
    return words.NO_CURVES_KEPT if (fewest >= LEAST).any() else words.NO_CURVES_POSSIBLE.format(least=LEAST)


def _draw_analysis(run: RunFolder, analysis: Analysis) -> Iterator[Figure]:
    curves = analysis.view.select(run.tables["group_calibration"])
    curves = curves[curves["model"].isin(analysis.models)]
    if curves.empty:
        return
    frame = rows_where(by_group(analysis.view.select(run.tables["evaluation"])), model=run.facts.study.reference)
    levels = [pair for pair in list_levels(run, frame) if pair[0] in set(curves["subgroup"])]
    for number, places in enumerate(lay_out(levels)):
        drawing = _Drawing(
            run=run,
            analysis=analysis,
            places=places,
            curves=curves,
            panels={place[2:]: _describe_panel(run, place, curves, frame) for place in places},
            models=tuple(model for model in analysis.models if model in set(curves["model"])),
        )
        yield drawing.finish(frame, suffix=f"-{number + 1}" if number else "")


def lay_out(levels: Sequence[tuple[str, str]]) -> Iterator[tuple[Place, ...]]:
    """Yield for every figure the places of its panels; each attribute begins a row, and a figure has few rows.

    Examples
    --------
    >>> list(lay_out([("sex", "female"), ("sex", "male"), ("site", "A")]))
    [((0, 0, 'sex', 'female'), (0, 1, 'sex', 'male'), (1, 0, 'site', 'A'))]
    """
    lines = [
        (name, own[start : start + COLUMNS])
        for name in dict.fromkeys(name for name, _ in levels)
        for own in [[level for subgroup, level in levels if subgroup == name]]
        for start in range(0, len(own), COLUMNS)
    ]
    for start in range(0, len(lines), MOST):
        yield tuple(
            (row, column, name, level)
            for row, (name, own) in enumerate(lines[start : start + MOST])
            for column, level in enumerate(own)
        )


@dataclass(frozen=True, kw_only=True)
class _Drawing:
    """One figure: which panels stand where, and what is drawn in them."""

    run: RunFolder
    analysis: Analysis
    places: tuple[Place, ...]
    curves: pd.DataFrame
    panels: dict[tuple[str, str], Panel]
    models: tuple[str, ...]

    @property
    def n_rows(self) -> int:
        """Rows of panels."""
        return max(row for row, *_ in self.places) + 1

    def finish(self, frame: pd.DataFrame, *, suffix: str) -> Figure:
        """Return the figure with its caption and the words that say what it shows."""
        view = self.analysis.view
        name = make_slug("group-curves", view.slug) + suffix
        titles = [self.run.model_title(model) for model in self.models]
        drawn = f"{join_words(titles)}. " if len(titles) > 1 else ""
        return Figure(
            name=name,
            caption=f"Calibration by group. {view.title}. {drawn}The band is that of {titles[0]}, pointwise, 95 %. In "
            "brackets operations / events.",
            description=self._describe(frame),
            svg=render_svg(self._draw, name=name, height_mm=PANEL_MM * self.n_rows + ROOM_MM, mark=mark_of(self.run)),
        )

    def _draw(self, canvas: Canvas) -> None:
        reference = self.run.facts.study.reference
        pens = pens_of([model.name for model in self.run.facts.models], reference)
        limit = choose_limit(self.curves)
        grid = canvas.add_gridspec(self.n_rows, COLUMNS)
        for row, column, name, level in self.places:
            ax = canvas.add_subplot(grid[row, column])
            own = rows_where(self.curves, subgroup=name, level=level)
            panel = self.panels[name, level]
            draw_group_curve(own, ax, panel=panel, models=self.models, pens=pens, limit=limit)
            ax.set_ylabel("Observed" if column == 0 else "", fontsize=6.5)
            ax.set_xlabel("Predicted" if row == self.n_rows - 1 else "", fontsize=6.5)
        if len(self.models) > 1:
            draw_key(canvas, [self.run.model_title(name) for name in self.models], [pens[m] for m in self.models])

    def _describe(self, frame: pd.DataFrame) -> str:
        """Say of every group how steep calibration is, or why there is no curve."""
        parts = []
        for _, _, name, level in self.places:
            slope = estimate_words(first_row(frame, subgroup=name, level=level, metric=SLOPE))
            told = self.panels[name, level].missing or f"slope {slope}"
            parts.append(f"{self.run.predictor_title(name)} {self.run.level_title(name, level)} {told}")
        model = self.run.model_title(self.run.facts.study.reference)
        return f"Calibration curves of {model} by group: {'; '.join(parts)}."


def _describe_panel(run: RunFolder, place: Place, curves: pd.DataFrame, frame: pd.DataFrame) -> Panel:
    _, column, subgroup, level = place
    own = rows_where(curves, subgroup=subgroup, level=level)
    rows = rows_where(frame, subgroup=subgroup, level=level)
    head = "" if column else run.predictor_title(subgroup)
    title = run.level_title(subgroup, level)
    if (rows["status"] == "suppressed").all():
        return Panel(title=title, head=head, missing="suppressed")
    counts = (format_count(rows[name].iloc[0]) for name in ("n", "events"))
    together = "\u00a0/\u00a0".join(filter(None, counts))
    shown = f"{title} ({together})"
    if own.empty:
        return Panel(title=shown, head=head, missing="not assessable")
    few = float(own["knots"].iloc[0]) <= SPARSE
    return Panel(title=shown, head=head, note="few events: 3 knots" if few else "")


def choose_limit(curves: pd.DataFrame) -> float:
    """Return the end of both axes: the next tenth above every curve, at most 1."""
    highest = max(float(curves["predicted"].max()), float(curves["observed"].max()))
    return min(1.0, math.ceil(highest / TENTH + 0.5) / 10)
