"""Further questionnaires of each simulated cohort, by the score that they follow."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from schemas.simulation.specs import Computed, FloatArray, Missing, Number, Values
from schemas.simulation.tied import VISITS, Main, Rating, Tied, draw_after, draw_before

Forms = Mapping[Main, tuple[Tied | Rating, ...]]

EARLY = ("6w", "3m", "6m", "12m", "24m")

UNANSWERED = 0.06
"""Share of patients who did not answer the further questionnaires before the operation; all are missing together."""


def _health(*, physical: float, per: float) -> tuple[Tied | Rating, ...]:
    """Return generic questionnaires: physical component summary before the operation, points of it per main point."""
    return (
        Tied(score="sf36_pcs", centre=physical, per=per, sd=6.0, later=6.5, low=10, high=70, step=0.1,
             visits=("3m", "6m", "12m", "24m")),
        Tied(score="sf36_mcs", centre=45, per=per / 2, mood=-5, sd=9, later=8, low=10, high=70, step=0.1, own=0.5),
        Tied(score="sf12_pcs", centre=physical + 1, per=0.9 * per, sd=6.5, later=7, low=10, high=70, step=0.1),
        Tied(score="sf12_mcs", centre=46, per=per / 2, mood=-5, sd=9, later=8.5, low=10, high=70, step=0.1, own=0.5),
        Tied(score="sf6d", centre=0.58, per=per / 80, mood=-0.02, sd=0.07, later=0.08, low=0.29, high=1, step=0.001,
             visits=("3m", "6m", "12m", "24m")),
        Tied(score="promis_pf", centre=physical + 5, per=0.65 * per, sd=4, later=4.2, low=15, high=75, step=0.1,
             visits=EARLY),
        Tied(score="promis_pi", centre=66.5, per=-0.75 * per, mood=1, sd=4, later=4.5, low=38, high=85, step=0.1,
             visits=EARLY),
        Tied(score="promis_pain_intensity", centre=57, per=-0.6 * per, sd=5, later=5.2, low=30, high=75, step=0.1,
             visits=EARLY),
        Tied(score="eq_vas", centre=50, per=1.3 * per, sd=17, later=14, low=0, high=100, step=1, before=False),
        Tied(score="hads_a", centre=7, per=-0.28 * per, mood=3, sd=3.4, later=3, low=0, high=21, step=1, own=0.5),
        Tied(score="hads_d", centre=6, per=-0.3 * per, mood=3, sd=3.2, later=2.9, low=0, high=21, step=1, own=0.5),
        Tied(score="phq9", centre=8, per=-0.38 * per, mood=4, sd=4.2, later=3.8, low=0, high=27, step=1, own=0.5),
        Rating(score="pgic", none=3.9, per_change=0.15 * per, per_state=-0.055 * per, sd=0.85, low=1, high=7),
        Rating(score="gpe", none=4.0, per_change=0.16 * per, per_state=-0.055 * per, sd=0.85, low=1, high=7),
        Rating(score="nass_satisfaction", none=2.6, per_change=0.08 * per, per_state=-0.03 * per, sd=0.75, low=1,
               high=4),
    )  # fmt: skip


def _core(region: str) -> Tied:
    return Tied(
        score=f"comi_{region}", centre=7.6, per=0.085, mood=0.2, shift=-1.0, sd=1.2, later=1.1, low=0, high=10,
        step=0.1, own=0.3, visits=("3m", "6m", "12m", "24m"),
    )  # fmt: skip


def _in_mm(region: str) -> dict[Main, tuple[Tied | Rating, ...]]:
    """Return a visual analogue scale, which follows the numeric one."""
    vas = Tied(score=f"vas_{region}", centre=58, per=9.3, sd=6, later=6, low=0, high=100, step=1, own=0.2)
    return {Main(score=f"nrs_{region}", centre=6): (vas,)}


def _joabpeq(domain: str, centre: float, per: float) -> Tied:
    return Tied(score=f"joabpeq_{domain}", centre=centre, per=per, sd=18, later=17, low=0, high=100, step=1)


def _srs(scale: str, sd: float, *, per: float = 1.0, shift: float = 0.0, step: float = 0.2) -> Tied:
    return Tied(
        score=f"srs22r_{scale}", centre=2.8, per=per, shift=shift, sd=sd, later=sd, low=1, high=5, step=step, own=0.3,
        visits=("3m", "12m"),
    )  # fmt: skip


LUMBAR_FORMS: Forms = {
    Main(score="odi", centre=44): (
        *_health(physical=29, per=-0.38),
        _core("back"),
        Tied(score="rmdq", centre=14, per=0.26, sd=3.2, later=3.0, low=0, high=24, step=1),
        Tied(score="zcq_symptom", centre=3.2, per=0.025, sd=0.5, later=0.5, low=1, high=5, step=0.1),
        Tied(score="zcq_function", centre=2.5, per=0.023, sd=0.4, later=0.4, low=1, high=4, step=0.1),
        Rating(score="zcq_satisfaction", none=2.5, per_change=-0.03, per_state=0.012, sd=0.6, low=1, high=4, step=0.2),
        Tied(score="joa_lumbar", centre=14, per=-0.3, sd=3, later=3, low=-6, high=29, step=1),
        _joabpeq("pain", 40, -1.3), _joabpeq("function", 55, -1.1), _joabpeq("walking", 45, -1.3),
        _joabpeq("social", 40, -1.0), _joabpeq("mental", 46, -0.7),
        Tied(score="nass_pain_disability", centre=52, per=0.8, sd=11, later=11, low=0, high=100, step=1),
        Tied(score="nass_neurogenic", centre=48, per=0.7, sd=17, later=16, low=0, high=100, step=1),
        Tied(score="vas_numbness", centre=42, per=0.6, sd=24, later=20, low=0, high=100, step=1),
    ),
    **_in_mm("back"),
    **_in_mm("leg"),
}  # fmt: skip

CERVICAL_FORMS: Forms = {
    Main(score="ndi", centre=42): (
        *_health(physical=34, per=-0.38),
        _core("neck"),
        Tied(score="dash", centre=44, per=0.7, sd=13, later=12, low=0, high=100, step=0.1),
        Tied(score="quickdash", centre=45, per=0.72, sd=14, later=13, low=0, high=100, step=0.1),
        Tied(score="nass_pain_disability", centre=48, per=0.8, sd=11, later=11, low=0, high=100, step=1),
        Tied(score="nass_neurogenic", centre=44, per=0.7, sd=17, later=16, low=0, high=100, step=1),
    ),
    Main(score="mjoa", centre=14.5): (
        Tied(score="joa_cervical", centre=13.4, per=0.95, sd=0.8, later=0.8, low=0, high=17, step=0.5),
        Tied(score="mdi", centre=9, per=-1.8, sd=3, later=2.8, low=0, high=30, step=1),
        Tied(score="nurick", centre=1.6, per=-0.35, sd=0.6, later=0.5, low=0, high=5, step=1),
    ),
    **_in_mm("neck"),
    **_in_mm("arm"),
}  # fmt: skip

DEFORMITY_FORMS: Forms = {
    Main(score="odi", centre=45): (
        *_health(physical=30, per=-0.36),
        _core("back"),
        Tied(score="rmdq", centre=14, per=0.26, sd=3.2, later=3.0, low=0, high=24, step=1),
    ),
    **_in_mm("back"),
    **_in_mm("leg"),
}

SRS_FORMS: Forms = {
    Main(score="srs22r_total", centre=2.8): (
        _srs("subscore", 0.06, step=0.01),
        _srs("function", 0.3, per=0.9),
        _srs("pain", 0.4, per=1.1),
        _srs("self_image", 0.4, per=1.1, shift=0.1),
        _srs("mental_health", 0.5, per=0.9),
        _srs("satisfaction", 0.7, per=0.9, shift=0.6, step=0.5),
    ),
}


def draw_forms_before(forms: Forms) -> tuple[Number, ...]:
    """Return the draws before the operation."""
    return tuple(draw for main, scores in forms.items() for draw in draw_before(main, scores))


def draw_forms_after(forms: Forms) -> tuple[Number, ...]:
    """Return the draws at the visits."""
    return tuple(draw for main, scores in forms.items() for draw in draw_after(main, scores))


def miss_forms(*several: Forms) -> Missing:
    """Return that all of them may be missing before the operation, together."""
    names = (draw.name for forms in several for draw in draw_forms_before(forms))
    return Missing(columns=tuple(names), share=UNANSWERED)


def draw_recovery_rates(score: str, full: float) -> tuple[Computed, ...]:
    """Return Hirabayashi's rate at the visits: the gain in percent of the gain that was possible.

    Notes
    -----
    Nobody loses more than could have been gained, so that the rate is -100 at least: a rate over little room is noise.
    """

    def bound(visit: str) -> Computed:
        name, before = f"{score}_{visit}", f"{score}_0"
        return Computed(name=name, value=lambda values: np.maximum(values[name], 2 * values[before] - full))

    def rate(visit: str) -> Computed:
        def compute_rate(values: Values) -> FloatArray:
            room = full - values[f"{score}_0"]
            gain = values[f"{score}_{visit}"] - values[f"{score}_0"]
            return np.asarray(100 * np.divide(gain, room, out=np.full(len(room), np.nan), where=room > 0))

        return Computed(name=f"{score}_recovery_rate_{visit}", value=compute_rate)

    return tuple(step for visit in VISITS for step in (bound(visit), rate(visit)))
