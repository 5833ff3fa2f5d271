"""What images and further operations show of the spine itself, long after the operation; nothing depends on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from schemas.simulation.aftermath import answered, compute, has
from schemas.simulation.specs import (
    Category,
    Computed,
    Condition,
    Draw,
    Flag,
    FloatArray,
    Given,
    Number,
    Part,
    Sum,
    Values,
    blank,
    linear,
)

HEALED_DAYS = 365
GROWTH_DEG = 10.0
"""A proximal junctional kyphosis is an angle of so much that has grown by so much."""

SIGNS_OF_FAILURE = ("uiv_fracture", "uiv_pull_out", "uiv_subluxation", "junctional_deficit", "revision_for_pjk")

VISIT_DAYS = (("3m", 90), ("12m", 365), ("24m", 730))

LEAST_RELIEF_DAYS = 14
"""A herniation that comes back on this day or later had as much relief; an earlier one cannot have had it."""


def draw_imaging(*seen: str) -> tuple[Draw, ...]:
    """Return the day of the last images: of the last visit that the patient came to, or later of what was `seen`.

    Notes
    -----
    What a column of days in `seen` tells was seen on images, whether or not the patient came to a visit.
    """

    def image(values: Values) -> FloatArray:
        after, end = values["_imaged_after"], values["follow_up_days"]
        planned = [
            np.where(values[f"_answered_{visit}"], np.minimum(day + after, end), np.nan) for visit, day in VISIT_DAYS
        ]
        return np.asarray(np.fmax.reduce([*planned, *(values[name] for name in seen)]))

    return (
        Number(name="_imaged_after", mean=Sum(10), sd=8, low=0, high=30, step=1),
        compute("last_imaging_days", image),
    )


def draw_fusion(
    pseudarthrosis: Flag, *, fused: Condition, implants: Sum, neighbours: Sum, rods: bool = True
) -> tuple[Draw, ...]:
    """Return what becomes of a fusion: healed, implants, neighbours.

    Parameters
    ----------
    pseudarthrosis
        Not healed on the images of the visit at 12 months.
    fused
        Marks the fusions; nothing is recorded of others.
    implants, neighbours
        Log-odds of an implant that failed, and of wear next to the fusion, on the images at 24 months.
    rods
        Whether there are rods that may break.
    """
    late = answered("24m", fused)
    broken = (Part(name="rod_fracture", of="implant_failure", log_odds=Sum(0.3)),) if rods else ()
    return (
        Given(drawn=pseudarthrosis, where=answered("12m", fused)),
        Number(name="_images_after", mean=Sum(20), sd=15, low=0, high=60, step=1),
        compute("pseudarthrosis_days", _see_pseudarthrosis),
        Given(drawn=Flag(name="implant_failure", log_odds=implants), where=late),
        *broken,
        Part(name="screw_loosening", of="implant_failure", log_odds=Sum(0.0)),
        Given(drawn=Flag(name="adjacent_degeneration", log_odds=neighbours), where=late),
        Part(name="adjacent_disease", of="adjacent_degeneration", log_odds=Sum(-0.1, (linear("_recovery", 0.4),))),
    )


def _see_pseudarthrosis(values: Values) -> FloatArray:
    seen = np.minimum(HEALED_DAYS + values["_images_after"], values["follow_up_days"])
    return np.where(values["pseudarthrosis"] == 1, seen, np.nan)


def draw_levels(*, same: float, adjacent: float, fused: Condition) -> tuple[Draw, ...]:
    """Return where the first reoperation was: log-weights of the same and the next level, after a fusion one more."""
    return (
        compute("_fused", lambda values: np.asarray(fused(values), dtype=np.float64)),
        Category(
            name="_elsewhere",
            levels={
                "same_level": Sum(same), "adjacent": Sum(adjacent, (linear("_fused", 0.7),)), "other_level": Sum(0.0),
            },
        ),
        *(compute(f"{place}_reoperation_days", _at(place)) for place in ("same_level", "adjacent", "other_level")),
    )  # fmt: skip


def _at(place: str) -> Callable[[Values], FloatArray]:
    def compute_days(values: Values) -> FloatArray:
        days = values["reoperation_days"]
        known = [values[name] == days for name in ("reherniation_days", "other_fusion_days") if name in values]
        here = np.any([days <= 30, *known], axis=0)
        where = np.where(here, "same_level", values["_elsewhere"])
        return np.where(where == place, days, np.nan)

    return compute_days


def draw_herniation() -> tuple[Draw, ...]:
    """Return whether a disc was left behind, and of a reherniation the relief before it, the level and the side."""
    discectomy = has("planned_procedure", "discectomy")
    return (
        Given(drawn=Flag(name="_left", log_odds=Sum(-4.2)), where=discectomy),
        Number(name="_relief", mean=Sum(0.75), sd=0.2, low=0.05, high=1, step=0),
        Given(drawn=compute("residual_herniation", _leave_behind), where=answered("3m", discectomy)),
        compute("pain_free_days", _relieve),
        Category(name="_side", levels={"same_level_same_side": Sum(1.7), "same_level_other_side": Sum(0.0)}),
        Computed(
            name="recurrence_level_side",
            value=lambda values: blank(values["_side"], np.isnan(values["reherniation_days"])),
        ),
        *_draw_revisions(),
    )


def _draw_revisions() -> tuple[Draw, ...]:
    """Return what was done about a reherniation that was operated on when it was found, and fusions by their reason."""
    return (
        Flag(name="_fused_again", log_odds=Sum(-1.6, (linear("previous_spine_surgery", 0.6),))),
        Flag(name="_unsettled", log_odds=Sum(-2.7)),
        compute("revision_discectomy_days", lambda values: _revise(values, fused=False)),
        compute(
            "level_fusion_days", lambda values: np.fmin(values["other_fusion_days"], _revise(values, fused=True))
        ),
        Computed(name="fusion_reason", value=_give_reason),
    )  # fmt: skip


def _revise(values: Values, *, fused: bool) -> FloatArray:
    """Day of the reherniation that was operated on at once, with a fusion or without."""
    days = np.asarray(values["reherniation_days"], dtype=np.float64)
    operated = (values["reoperation_days"] == days) & (values["_fused_again"] == fused)
    return np.where(operated, days, np.nan)


def _give_reason(values: Values) -> npt.NDArray[np.object_]:
    recurred = np.where(values["_unsettled"] == 1, "not_adjudicated", "recurrence")
    reason = np.where(np.isfinite(values["other_fusion_days"]), "other", recurred).astype(object)
    return blank(reason, np.isnan(values["level_fusion_days"]))


def _leave_behind(values: Values) -> FloatArray:
    """Disc left behind: in patients without a reherniation, of which the registry says one or the other."""
    return np.asarray((values["_left"] == 1) & np.isnan(values["reherniation_days"]), dtype=np.float64)


def _relieve(values: Values) -> FloatArray:
    days = values["reherniation_days"]
    relief = np.floor(values["_relief"] * days)
    return np.asarray(np.where(days >= LEAST_RELIEF_DAYS, np.maximum(relief, LEAST_RELIEF_DAYS), relief))


def draw_junction() -> tuple[Draw, ...]:
    """Return the day, the angle and the failure of a proximal junctional kyphosis, as the flag `pjk` has it."""
    return (
        Number(name="_pjk_at", mean=Sum(4.7), sd=0.9, low=14, high=700, step=1, scale="log"),
        Flag(name="_pjk_revised", log_odds=Sum(0.0, (linear("_recovery", 0.3),))),
        compute("pjk_days", _see_kyphosis),
        compute("revision_for_pjk", lambda values: np.where(_is_revised(values), values["pjk"], 0 * values["pjk"])),
        Part(name="uiv_fracture", of="pjk", log_odds=Sum(-2.4, (linear("osteoporosis", 0.6),))),
        Part(name="uiv_pull_out", of="pjk", log_odds=Sum(-3.2)),
        Part(name="uiv_subluxation", of="pjk", log_odds=Sum(-3.5)),
        Part(name="junctional_deficit", of="pjk", log_odds=Sum(-3.9)),
        compute("pjf", lambda values: np.max([values[sign] for sign in SIGNS_OF_FAILURE], axis=0)),
        *(step for visit, day in VISIT_DAYS for step in _measure(visit, day)),
    )


def _is_revised(values: Values) -> npt.NDArray[np.bool_]:
    late = np.isfinite(values["reoperation_days"]) & (values["reoperation_days"] > 30)
    return np.asarray(late & (values["_pjk"] == 1) & (values["_pjk_revised"] == 1))


def _begin(values: Values) -> FloatArray:
    """Day on which it begins, known to nobody; not after its revision."""
    days = np.where(_is_revised(values), np.fmin(values["_pjk_at"], values["reoperation_days"]), values["_pjk_at"])
    return np.where(values["_pjk"] == 1, days, np.inf)


def _see_kyphosis(values: Values) -> FloatArray:
    begins = _begin(values)
    return np.where(begins <= values["follow_up_days"], begins, np.nan)


def _measure(visit: str, day: int) -> tuple[Draw, ...]:
    """Return the angle at a visit: grown by enough where the kyphosis has begun, else by less."""
    name = f"proximal_junctional_angle_deg_{visit}"
    before = "proximal_junctional_angle_deg_0"

    def grow(values: Values) -> FloatArray:
        usual = values[before] + np.minimum(values[f"_growth_{visit}"], GROWTH_DEG - 1)
        kyphotic = np.maximum(values[before], 0) + GROWTH_DEG + np.abs(values[f"_growth_{visit}"])
        return np.where(_begin(values) <= day, kyphotic, usual)

    return (
        Number(name=f"_growth_{visit}", mean=Sum(3), sd=3.5, low=-8, high=25, step=1),
        Given(drawn=compute(name, grow), where=answered(visit)),
    )
