"""Predicted risk: calibration curves with the risks' distribution beneath, and decision curves."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.canvas import PALETTE, Pen, spread

TREAT_ALL, TREAT_NONE = "treat_all", "treat_none"
STRATEGIES = {TREAT_ALL: "everyone", TREAT_NONE: "no one"}
VEIL = {"facecolor": PALETTE["paper"], "edgecolor": "none", "alpha": 0.75, "pad": 1.0}
LEADER = {"arrowstyle": "-", "linewidth": 0.4, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)}
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
        Text in the upper left corner: what the curve's numbers are.
    limit
        Highest risk shown, the same for all models of a figure.
    """
    curve = frame.sort_values("predicted")
    ax.plot([0, 1], [0, 1], color=PALETTE["soft"], linewidth=0.6, linestyle=(0, (3, 2)), zorder=1)
    ax.fill_between(curve["predicted"], curve["lower"], curve["upper"], color=pen.color, alpha=0.18, linewidth=0)
    ax.plot(curve["predicted"], curve["observed"], color=pen.color, linewidth=1.5)
    ax.text(0.03, 0.98, labels, transform=ax.transAxes, va="top", fontsize=6, linespacing=1.35, bbox=VEIL)
    ax.set(xlim=(0, limit), ylim=(0, limit), title=title, ylabel="Observed proportion")
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
    ax.tick_params(axis="y", length=0, labelsize=6)
    ax.spines["left"].set_visible(False)


def draw_decision_curves(
    frame: pd.DataFrame, ax: Axes, *, reference: str, titles: dict[str, str], pens: dict[str, Pen]
) -> None:
    """Draw net benefit over threshold probabilities for every model, for everyone and for no one.

    Parameters
    ----------
    frame
        Rows of one outcome, dataset and validation with the columns of `schemas.tables.DECISION_CURVE`.
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
    top = frame.loc[frame["model"].isin(models), "net_benefit"].max()
    for name in (TREAT_ALL, TREAT_NONE):
        curve = _curve(frame, name)
        ax.plot(curve["threshold_probability"], curve["net_benefit"], color=PALETTE["soft"], linewidth=0.8)
    for name in models:
        _draw_model(ax, _curve(frame, name), pens[name], is_reference=name == reference)
    declared = frame.loc[frame["declared"].str.lower().isin(["true", "1"]), "threshold_probability"].unique()
    for threshold in declared:
        ax.axvline(threshold, color=PALETTE["faint"], linewidth=0.8, zorder=0)
    low, high = frame["threshold_probability"].min(), frame["threshold_probability"].max()
    ax.set(xlim=(low, high), ylim=(-0.22 * top, 1.08 * top))
    ax.set(xlabel="Threshold probability", ylabel="Net benefit per patient")
    _label_ends(frame, ax, {**{name: titles[name] for name in models}, **STRATEGIES}, pens)


def _curve(frame: pd.DataFrame, model: str) -> pd.DataFrame:
    return frame[frame["model"] == model].sort_values("threshold_probability")


def _draw_model(ax: Axes, curve: pd.DataFrame, pen: Pen, *, is_reference: bool) -> None:
    x = curve["threshold_probability"]
    if is_reference:
        ax.fill_between(x, curve["lower"], curve["upper"], color=pen.color, alpha=0.1, linewidth=0)
    width, order = (1.9, 3) if is_reference else (1.0, 2)
    ax.plot(x, curve["net_benefit"], color=pen.color, linestyle=pen.line, linewidth=width, zorder=order)


def _label_ends(frame: pd.DataFrame, ax: Axes, labels: dict[str, str], pens: dict[str, Pen]) -> None:
    """Write each curve's name at its right end, moved apart and tied to the curve by a thin line."""
    low, high = ax.get_ylim()
    ends = {}
    for name in labels:
        curve = _curve(frame, name).dropna(subset=["net_benefit"])
        inside = curve[curve["net_benefit"] >= low]
        if len(curve) and curve["net_benefit"].iloc[-1] < low:
            _label_exit(ax, inside, labels[name], pens[name].color if name in pens else PALETTE["soft"])
        elif len(curve):
            ends[name] = (curve["threshold_probability"].iloc[-1], curve["net_benefit"].iloc[-1])
    places = spread([y for _, y in ends.values()], 0.062 * (high - low))
    lift = max(0.0, low - min(places, default=low))
    for (name, (x, y)), place in zip(ends.items(), places, strict=True):
        color = pens[name].color if name in pens else PALETTE["soft"]
        ax.annotate(
            labels[name], (x, y), (1.045, (place + lift - low) / (high - low)), textcoords="axes fraction",
            va="center", fontsize=6.5, color=color, annotation_clip=False, arrowprops={**LEADER, "color": color},
        )  # fmt: skip


def _label_exit(ax: Axes, inside: pd.DataFrame, label: str, color: str) -> None:
    """Name a curve where it leaves the panel through the floor."""
    if len(inside):
        x, y = inside["threshold_probability"].iloc[-1], inside["net_benefit"].iloc[-1]
        ax.annotate(label, (x, y), (7, 1), textcoords="offset points", va="bottom", fontsize=6.5, color=color)
