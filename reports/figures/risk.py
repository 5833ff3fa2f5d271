"""Predicted risk: calibration curves with the risks' distribution beneath, and decision curves."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.canvas import PALETTE, Pen, head_panel, label_ends

TREAT_ALL, TREAT_NONE = "treat_all", "treat_none"
STRATEGIES = {TREAT_ALL: "everyone", TREAT_NONE: "no one"}
PANEL_SIGNS = 24
"""Signs in a line of a title above a panel of a quarter of the page."""
SMALLEST = 0.001
"""Net benefit that fills a panel in which there is none."""
HALF = 0.5
GAP = 0.0151
"""Thresholds further apart than this are no neighbours: the curve has a point at every 0.01."""
GROUP_COLORS = {"event": PALETTE["ink"], "no_event": PALETTE["faint"]}


def draw_calibration(frame: pd.DataFrame, ax: Axes, *, pen: Pen, title: str, labels: str, limit: float = 1.0) -> None:
    """Draw the flexible calibration curve of one model.

    Parameters
    ----------
    frame
        Rows of one outcome, model, dataset and validation with the columns of `schemas.tables.CALIBRATION_CURVE`.
    ax
        Where to; both axes are risks from 0 to `limit`.
    pen
        How the model is drawn.
    title
        The model's title.
    labels
        Text above the panel: what the curve's numbers are.
    limit
        Highest risk shown, the same for all models of a figure.
    """
    curve = frame.sort_values("predicted")
    ax.plot([0, 1], [0, 1], color=PALETTE["soft"], linewidth=0.6, linestyle=(0, (3, 2)), zorder=1)
    ax.fill_between(curve["predicted"], curve["lower"], curve["upper"], color=pen.color, alpha=0.18, linewidth=0)
    ax.plot(curve["predicted"], curve["observed"], color=pen.color, linewidth=1.5)
    head_panel(ax, title, labels, PANEL_SIGNS)
    ax.set(xlim=(0, limit), ylim=(0, limit), ylabel="Observed proportion")
    ax.set_xticks([0, limit / 2, limit], ["", "", ""])
    ax.set_yticks([0, limit / 2, limit], _name_ticks(limit))


def _name_ticks(limit: float) -> list[str]:
    return ["0", f"{limit / 2:g}", f"{limit:g}"]


def draw_risk_distribution(frame: pd.DataFrame, ax: Axes, *, limit: float = 1.0) -> None:
    """Draw how predicted risks are distributed: with the event upwards, without downwards.

    Parameters
    ----------
    frame
        Rows of one outcome, model, dataset and validation with the columns of `schemas.tables.RISK_DISTRIBUTION`;
        suppressed bins are left empty.
    ax
        Where to; its x axis is a risk from 0 to `limit`.
    limit
        Highest risk shown.
    """
    shown = frame[frame["status"] == "ok"]
    for group, sign in (("event", 1), ("no_event", -1)):
        rows = shown[shown["group"] == group]
        widths = rows["bin_high"] - rows["bin_low"]
        ax.bar(
            rows["bin_low"], sign * rows["percent"], width=widths, align="edge", color=GROUP_COLORS[group],
            edgecolor=PALETTE["paper"], linewidth=0.3,
        )  # fmt: skip
    ax.axhline(0, color=PALETTE["soft"], linewidth=0.5)
    top = max(1.0, shown["percent"].max()) * 1.1 if len(shown) else 1.0
    ax.set(xlim=(0, limit), ylim=(-top, top), xlabel="Predicted risk")
    ax.set_xticks([0, limit / 2, limit], _name_ticks(limit))
    ax.set_yticks([top / 2, -top / 2], ["event", "none"])
    ax.tick_params(axis="y", length=0, labelsize=6.5)
    ax.spines["left"].set_visible(False)


def draw_decision_curves(
    frame: pd.DataFrame, ax: Axes, *, reference: str, titles: dict[str, str], pens: dict[str, Pen]
) -> None:
    """Draw net benefit over threshold probabilities for every model, for everyone and for no one.

    Parameters
    ----------
    frame
        Rows of one outcome, dataset and validation with the columns of `schemas.tables.DECISION_CURVE`. Drawn are the
        thresholds at which any model has a number: further out there is nothing to compare.
    ax
        Where to.
    reference
        The model that is drawn with its interval and a heavy line.
    titles
        Label of each model.
    pens
        How each model is drawn.
    """
    models = [name for name in titles if name in set(frame["model"])]
    known = frame[frame["model"].isin(models) & frame["net_benefit"].notna()]["threshold_probability"]
    frame = frame[frame["threshold_probability"].between(known.min(), known.max())]
    for name in (TREAT_ALL, TREAT_NONE):
        curve = _curve(frame, name)
        ax.plot(curve["threshold_probability"], curve["net_benefit"], color=PALETTE["soft"], linewidth=0.8)
    declared = frame.loc[frame["declared"].str.lower().isin(["true", "1"]), "threshold_probability"].unique()
    for name in models:
        curve = _curve(frame, name)
        _draw_model(ax, curve, pens[name], is_reference=name == reference)
        marked = curve[curve["threshold_probability"].isin(declared)]
        ax.plot(
            marked["threshold_probability"], marked["net_benefit"], color=pens[name].color, marker=pens[name].marker,
            markersize=3.2, linestyle="none", zorder=4,
        )  # fmt: skip
    for threshold in declared:
        ax.axvline(threshold, color=PALETTE["faint"], linewidth=0.8, zorder=0)
    low, high = frame["threshold_probability"].min(), frame["threshold_probability"].max()
    ax.set(xlim=(low, high), ylim=_limit_benefit(frame, models))
    ax.set(xlabel="Threshold probability", ylabel="Net benefit per patient")
    _label_curves(frame, ax, {**{name: titles[name] for name in models}, **STRATEGIES}, pens)


def _limit_benefit(frame: pd.DataFrame, models: list[str]) -> tuple[float, float]:
    """Return the ends of the axis: a little above the highest net benefit, and so far below 0 that a loss shows.

    Everyone and no one count for the upper end, since they may be better than every model.
    """
    highest = float(frame["net_benefit"].max())
    lowest = float(frame.loc[frame["model"].isin(models), "net_benefit"].min())
    span = highest if highest > 0 else max(-lowest, SMALLEST) if lowest < 0 else SMALLEST
    return -0.22 * span if highest > 0 else -1.08 * span, 1.08 * span if highest > 0 else 0.22 * span


def _curve(frame: pd.DataFrame, model: str) -> pd.DataFrame:
    return frame[frame["model"] == model].sort_values("threshold_probability")


def _break_gaps(curve: pd.DataFrame) -> pd.DataFrame:
    """Put an empty point into every gap of the thresholds, so that no line is drawn over what is hidden."""
    x = curve["threshold_probability"]
    gaps = x[x.diff() > GAP]
    empty = pd.DataFrame({"threshold_probability": gaps - GAP / 2})
    return pd.concat([curve, empty], ignore_index=True).sort_values("threshold_probability")


def _draw_model(ax: Axes, curve: pd.DataFrame, pen: Pen, *, is_reference: bool) -> None:
    curve = _break_gaps(curve)
    x = curve["threshold_probability"]
    if is_reference:
        ax.fill_between(x, curve["lower"], curve["upper"], color=pen.color, alpha=0.1, linewidth=0)
    width, order = (1.9, 3) if is_reference else (1.0, 2)
    ax.plot(x, curve["net_benefit"], color=pen.color, linestyle=pen.line, linewidth=width, zorder=order)


def _label_curves(frame: pd.DataFrame, ax: Axes, labels: dict[str, str], pens: dict[str, Pen]) -> None:
    """Name each curve at its right end, or where it leaves the panel through the floor."""
    low = ax.get_ylim()[0]
    ends: dict[str, tuple[float, float]] = {}
    left: dict[str, float] = {}
    colors = {labels[name]: pens[name].color if name in pens else PALETTE["soft"] for name in labels}
    for name, label in labels.items():
        curve = _curve(frame, name).dropna(subset=["net_benefit"])
        if curve.empty:
            continue
        curve = _end_with_line(curve) if name in pens else curve
        if curve["net_benefit"].iloc[-1] >= low:
            ends[label] = (curve["threshold_probability"].iloc[-1], curve["net_benefit"].iloc[-1])
        elif (curve["net_benefit"] >= low).any():
            left[label] = _find_exit(curve, low)
    label_ends(ax, ends, colors)
    for k, (label, x) in enumerate(left.items()):
        _label_exit(ax, x, label, floor=k)


def _end_with_line(curve: pd.DataFrame) -> pd.DataFrame:
    """Leave out the single points after the last line that is drawn; a curve without any line stays as it is."""
    joined = (curve["threshold_probability"].diff() <= GAP).to_numpy().nonzero()[0]
    return curve.iloc[: joined[-1] + 1] if len(joined) else curve


def _find_exit(curve: pd.DataFrame, low: float) -> float:
    """Return the threshold at which a curve leaves the panel for good through the floor."""
    inside = (curve["net_benefit"] >= low).to_numpy().nonzero()[0][-1]
    (x, y), (beyond, below) = curve[["threshold_probability", "net_benefit"]].iloc[[inside, inside + 1]].to_numpy()
    return float(x + (beyond - x) * (y - low) / (y - below))


def _label_exit(ax: Axes, x: float, label: str, *, floor: int) -> None:
    """Name a curve where it leaves the panel through the floor, on one of the floors above it."""
    low, high = ax.get_xlim()
    turned = (x - low) / (high - low) > HALF
    ax.annotate(
        label, (x, ax.get_ylim()[0]), (-7 if turned else 4, 2 + 8 * floor), textcoords="offset points", va="bottom",
        ha="right" if turned else "left", fontsize=6.5,
    )  # fmt: skip
