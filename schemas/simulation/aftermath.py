"""What follows an operation beside the main outcomes, alike in all cohorts; nothing else depends on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from schemas.simulation.common import died_in_hospital
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
    Term,
    Values,
    level,
    linear,
)

BoolArray = npt.NDArray[np.bool_]

EMPLOYED = ("working", "sick_leave")
COVERED_DAYS = 180
"""Opioids are known of patients who were followed for as long."""

ORGANS = (
    "unplanned_intubation_30d", "ventilator_over_48h_30d", "acute_renal_failure_30d", "cardiac_arrest_30d",
    "septic_shock_30d", "stroke_30d", "myocardial_infarction_30d",
)  # fmt: skip
"""Failure of an organ: grade 4 of Clavien and Dindo."""

TREATED = (
    "deep_vein_thrombosis_30d", "pulmonary_embolism_30d", "pneumonia_30d", "sepsis_30d", "urinary_tract_infection_30d",
    "deep_ssi_30d", "organ_space_ssi_30d", "transfusion_30d",
)  # fmt: skip
"""What drugs or blood are given for: grade 2."""


def everyone(values: Values) -> BoolArray:
    """Mark all rows."""
    return np.ones(len(values["patient"]), dtype=np.bool_)


def answered(visit: str, among: Condition = everyone) -> Condition:
    """Mark those who came to a visit, and belong to those marked by `among`."""
    return lambda values: np.asarray(values[f"_answered_{visit}"] & among(values))


def has(column: str, *levels: str | float) -> Condition:
    """Mark those in whom a column has one of the levels."""
    return lambda values: np.asarray(np.any([values[column] == one for one in levels], axis=0))


def compute(name: str, value: Callable[[Values], npt.NDArray[np.float64]]) -> Computed:
    """Return a number that is worked out of others."""
    return Computed(name=name, value=value)


def by_day(days: FloatArray, horizon: float | FloatArray, values: Values) -> FloatArray:
    """Return whether an event came by a day: 1, 0, or NaN where the patient was lost before; shape (n,)."""
    happened = days <= horizon
    known = happened | (values["follow_up_days"] >= horizon) | np.isfinite(values["death_days"])
    return np.where(known, happened.astype(np.float64), np.nan)


def _is(column: str, chosen: tuple[str, ...], of: str) -> Callable[[Values], FloatArray]:
    return lambda values: np.asarray(has(column, *chosen)(values) * values[of], dtype=np.float64)


_INFECTIONS: tuple[Draw, ...] = (
    Category(
        name="_depth", levels={"superficial": Sum(0.0), "deep": Sum(0.0), "organ_space": Sum(-1.5)},
    ),
    *(
        compute(f"{depth}_ssi_30d", _is("_depth", (depth,), "surgical_site_infection_30d"))
        for depth in ("superficial", "deep", "organ_space")
    ),
    Category(name="_clot", levels={"vein": Sum(0.0), "lung": Sum(-0.5), "both": Sum(-1.6)}),
    compute("deep_vein_thrombosis_30d", _is("_clot", ("vein", "both"), "venous_thromboembolism_30d")),
    compute("pulmonary_embolism_30d", _is("_clot", ("lung", "both"), "venous_thromboembolism_30d")),
    Part(name="septic_shock_30d", of="sepsis_30d", log_odds=Sum(-1.3)),
    Part(name="wound_disruption_30d", of="surgical_site_infection_30d", log_odds=Sum(-2.0)),
)  # fmt: skip


def _draw_organs(ventilated: float) -> tuple[Draw, ...]:
    """Return rarer events, all of them in patients with another complication: so the risk of any is what it was."""
    return (
        Part(name="unplanned_intubation_30d", of="_complication", log_odds=Sum(ventilated)),
        Part(name="ventilator_over_48h_30d", of="_complication", log_odds=Sum(ventilated)),
        Part(name="progressive_renal_insufficiency_30d", of="_complication", log_odds=Sum(-4.2)),
        Part(name="acute_renal_failure_30d", of="_complication", log_odds=Sum(-4.5)),
        Part(name="cardiac_arrest_30d", of="_complication", log_odds=Sum(-4.0)),
        Part(name="clostridium_difficile_30d", of="_complication", log_odds=Sum(-3.9)),
        Flag(
            name="other_complication_30d", log_odds=Sum(-4.0, (linear("_complication", 0.5), linear("age", 0.01, 57)))
        ),
    )


_BACK_IN_HOSPITAL: tuple[Draw, ...] = (
    compute("reoperation_30d", lambda values: (values["reoperation_days"] <= 30).astype(np.float64)),
    Part(name="reoperation_related_30d", of="reoperation_30d", log_odds=Sum(2.2)),
    Part(name="readmission_related_30d", of="readmission_30d", log_odds=Sum(0.4)),
    compute("reoperation_90d", lambda values: by_day(values["reoperation_days"], 90, values)),
    compute("death_90d", lambda values: by_day(values["death_days"], 90, values)),
    Flag(name="_late_readmission", log_odds=Sum(-3.9, (linear("_complication", 1.2), linear("_recovery", 0.2)))),
    Number(name="_readmission_at", mean=Sum(0.5), sd=0.3, low=0, high=1, step=0),
    compute("readmission_days", lambda values: _readmit(values)),
    compute("readmission_90d", lambda values: _readmit_by_day_90(values)),
    compute("followed_90d", lambda values: _follow(values, values["length_of_stay_days"] + 90)),
)  # fmt: skip


def _readmit(values: Values) -> FloatArray:
    """Day of the first readmission: within 30 days of the operation, or within 90 days of the discharge."""
    stay, early, late = values["length_of_stay_days"], values["readmission_30d"] == 1, values["_late_readmission"] == 1
    first = np.where(early, stay + 1, np.maximum(stay + 1, 31))
    last = np.minimum(np.where(early, 30, np.maximum(stay + 90, first)), values["follow_up_days"])
    day = np.maximum(np.round(first + values["_readmission_at"] * (last - first)), first)
    happened = (early | late & ~died_in_hospital(values)) & (day <= values["follow_up_days"])
    return np.where(happened, day, np.nan)


def _follow(values: Values, days: float | FloatArray) -> FloatArray:
    """Return 1 for who was followed for so long, or to death."""
    return np.asarray((values["follow_up_days"] >= days) | np.isfinite(values["death_days"]), dtype=np.float64)


def _readmit_by_day_90(values: Values) -> FloatArray:
    """Return whether readmitted by day 90 after the discharge: a death in hospital competes, so that these were not."""
    by = by_day(values["readmission_days"], values["length_of_stay_days"] + 90, values)
    return np.where(died_in_hospital(values), 0.0, by)


def _draw_late_infections(fused: Condition) -> tuple[Draw, ...]:
    """Return infections of a fusion by day 90, of which some come after the first 30 days."""
    return (
        Flag(name="_late_infection", log_odds=Sum(-5.2, (linear("_complication", 1.0), linear("_recovery", 0.3)))),
        Number(name="_early_day", mean=Sum(14), sd=6, low=3, high=30, step=1),
        Number(name="_late_day", mean=Sum(50), sd=15, low=31, high=90, step=1),
        compute("infection_days", lambda values: _infect(values, fused)),
        *(
            Given(
                drawn=compute(f"{depth}_ssi_90d", _by_day_90(depth)),
                where=fused,
            )
            for depth in ("deep", "organ_space")
        ),
    )  # fmt: skip


def _infect(values: Values, fused: Condition) -> FloatArray:
    """Day of the first wound infection; late ones are seen after a fusion only."""
    early = np.minimum(values["_early_day"], values["follow_up_days"])
    late = (values["_late_infection"] == 1) & fused(values) & (values["_late_day"] <= values["follow_up_days"])
    day = np.where(late, values["_late_day"], np.nan)
    return np.where(values["surgical_site_infection_30d"] == 1, early, day)


def _by_day_90(depth: str) -> Callable[[Values], FloatArray]:
    def compute_flag(values: Values) -> FloatArray:
        own = values["_depth"] == depth if depth == "organ_space" else values["_depth"] != "organ_space"
        early = values[f"{depth}_ssi_30d"] == 1
        late = own & (values["infection_days"] > 30)
        return by_day(np.where(early | late, values["infection_days"], np.nan), 90, values)

    return compute_flag


def _grade(values: Values) -> npt.NDArray[np.object_]:
    """Worst complication on the scale of Clavien and Dindo."""

    def any_of(*names: str) -> BoolArray:
        return np.asarray(np.any([values[name] == 1 for name in names], axis=0))

    half = values["_half"] == 1
    steps: list[tuple[BoolArray, npt.ArrayLike]] = [
        (any_of("death_30d"), "5"),
        (any_of(*ORGANS), np.where(half, "4a", "4b")),
        (any_of("reoperation_30d"), np.where(half, "3b", "3a")),
        (any_of(*TREATED), "2"),
        (any_of("_complication"), np.where(half, "1", "2")),
    ]
    grades = np.select([rows for rows, _ in steps], [grade for _, grade in steps], default="0")
    return grades.astype(object)


_STAY: tuple[Draw, ...] = (
    Number(name="_hours", mean=Sum(0), sd=3, low=-8, high=8, step=0.5),
    compute("los_hours", lambda values: _in_hours(values)),
    compute("midnights", lambda values: values["length_of_stay_days"]),
    compute(
        "same_day_discharge",
        lambda values: np.asarray(
            (values["length_of_stay_days"] == 0) & ~died_in_hospital(values), dtype=np.float64
        ),
    ),
)  # fmt: skip


def _in_hours(values: Values) -> FloatArray:
    nights = values["length_of_stay_days"]
    return np.asarray(np.where(nights == 0, 9 + values["_hours"] / 2, 24 * nights - np.abs(values["_hours"])))


def draw_complications(*, transfusion: Flag, ventilated: float, fused: Condition) -> tuple[Draw, ...]:
    """Return the complications in detail, and what became of the stay.

    Parameters
    ----------
    transfusion
        Of red cells, during the operation or after it.
    ventilated
        Log-odds of a ventilator among those with any complication.
    fused
        Marks fusions, whose infections are followed up to day 90.
    """
    return (
        *_INFECTIONS,
        *_draw_organs(ventilated),
        transfusion,
        *_BACK_IN_HOSPITAL,
        *_draw_late_infections(fused),
        Flag(name="_half", log_odds=Sum(0.8)),
        Computed(name="clavien_dindo", value=_grade),
        *_STAY,
        _ask_of_wound("superficial", -4.2, 3.6),
        _ask_of_wound("deep", -5.5, 5.0),
    )  # fmt: skip


def _ask_of_wound(depth: str, without: float, added: float) -> Given:
    """Return what the patient says of the wound after 3 months."""
    said = Flag(name=f"wound_infection_{depth}_3m", log_odds=Sum(without, (linear(f"{depth}_ssi_30d", added),)))
    return Given(drawn=said, where=answered("3m"))


def make_refill(log_odds: float, *terms: Term) -> Flag:
    """Return the flag of an opioid that was dispensed between day 90 and day 180, in all who were operated on."""
    usual = (
        level("opioid_use", "intermittent", 0.8), level("opioid_use", "daily", 2.2), linear("depression", 0.4),
        level("smoking", "current", 0.3), linear("previous_spine_surgery", 0.3), linear("age", -0.01, 55),
    )  # fmt: skip
    return Flag(name="opioid_refill_180d", log_odds=Sum(log_odds, (*usual, *terms)))


def draw_opioids(refill: Flag) -> tuple[Draw, ...]:
    """Return opioids long after the operation: the stricter definitions pick from those of the wider ones."""
    return (
        Given(drawn=refill, where=lambda values: np.asarray(values["follow_up_days"] >= COVERED_DAYS)),
        compute("insured_180d", lambda values: _follow(values, COVERED_DAYS)),
        Part(
            name="opioid_span_90d", of="opioid_refill_180d",
            log_odds=Sum(-0.4, (level("opioid_use", "daily", 1.0), linear("_recovery", 0.2))),
        ),
        Part(name="opioid_episode_120d", of="opioid_span_90d", log_odds=Sum(0.3, (linear("_recovery", 0.2),))),
    )  # fmt: skip


def draw_work(log_days: float, *terms: Term) -> tuple[Draw, ...]:
    """Return the return to work of those who had work, after about exp(`log_days`) days."""
    slower = (
        level("employment", "sick_leave", 0.35), linear("_recovery", 0.25), linear("_complication", 0.3),
        linear("depression", 0.2),
    )  # fmt: skip
    back = (level("employment", "sick_leave", -0.9), linear("_recovery", -0.6), linear("age", -0.02, 50))
    return (
        Flag(name="_back_at_work", log_odds=Sum(3.2, back)),
        Number(
            name="_work_days", mean=Sum(log_days, (*slower, *terms)), sd=0.6, low=1, high=3000, step=1, scale="log",
        ),
        Given(drawn=compute("return_to_work_days", _work_again), where=has("employment", *EMPLOYED)),
        Given(
            drawn=compute(
                "return_to_work", lambda values: np.isfinite(values["return_to_work_days"]).astype(np.float64)
            ),
            where=has("employment", *EMPLOYED),
        ),
        Flag(name="_gave_up_work", log_odds=Sum(-1.0)),
        *(
            Given(drawn=Computed(name=f"employment_{visit}", value=_employ(day)), where=answered(visit))
            for visit, day in (("3m", 90), ("12m", 365))
        ),
    )  # fmt: skip


def _employ(day: int) -> Callable[[Values], npt.NDArray[np.object_]]:
    """Return the work status on a day: back, on leave or given up; who had no work has none."""

    def employ(values: Values) -> npt.NDArray[np.object_]:
        had_work = has("employment", *EMPLOYED)(values)
        off = np.where((values["_gave_up_work"] == 1) & (day > COVERED_DAYS), "disability", "sick_leave")
        now = np.where(values["return_to_work_days"] <= day, "working", off)
        return np.where(had_work, now, values["employment"]).astype(object)

    return employ


def _work_again(values: Values) -> FloatArray:
    back = (values["_back_at_work"] == 1) & (values["_work_days"] <= values["follow_up_days"])
    return np.where(back, values["_work_days"], np.nan)


def draw_injuries(*, nerve_root: float, vascular: float, cauda_equina: float | None = None) -> tuple[Draw, ...]:
    """Return what went wrong during the operation, by log-odds."""
    tail = () if cauda_equina is None else (Flag(name="cauda_equina_after", log_odds=Sum(cauda_equina)),)
    return (
        Flag(name="nerve_root_injury", log_odds=Sum(nerve_root, (linear("dural_tear", 1.5), linear("_recovery", 0.3)))),
        Flag(name="vascular_injury", log_odds=Sum(vascular)),
        Flag(name="wrong_site", log_odds=Sum(-6.5)),
        *tail,
    )


def draw_deficits(log_odds: float, *terms: Term, with_palsy: bool = False) -> tuple[Draw, ...]:
    """Return new weakness after the operation; with a palsy of C5, which is one, it is known where that is."""
    own = Flag(name="_weaker", log_odds=Sum(log_odds, (*terms, linear("_recovery", 0.4))))

    def weaken(values: Values) -> FloatArray:
        return np.asarray(np.fmax(values["_weaker"], values["c5_palsy"]) + 0 * values["c5_palsy"])

    return (
        own,
        compute("new_neurological_deficit", weaken if with_palsy else lambda values: values["_weaker"]),
        Number(name="_points_lost", mean=Sum(0.8), sd=0.8, low=1, high=25, step=1, scale="log"),
        compute(
            "major_neurological_deficit",
            lambda values: values["new_neurological_deficit"] * (values["_weaker"] * values["_points_lost"] >= 5),
        ),
        Part(name="myotome_deficit", of="new_neurological_deficit", log_odds=Sum(1.5)),
    )


def draw_leg_strength() -> tuple[Draw, ...]:
    """Return the legs' motor score before the operation: full, or less with a known weakness."""
    return (
        Number(name="_points_weak", mean=Sum(1.0), sd=0.7, low=1, high=20, step=1, scale="log"),
        compute("lems_0", lambda values: 50 - values["motor_deficit"] * values["_points_weak"]),
    )


def follow_leg_strength() -> tuple[Draw, ...]:
    """Return the score after 6 weeks, 6 and 24 months: half of the new weakness goes, and some of the old one."""
    return (
        Flag(name="_stays_weak", log_odds=Sum(0.25)),
        Flag(name="_regains", log_odds=Sum(0.0)),
        *(
            Given(drawn=compute(f"lems_{visit}", _examine(late=visit != "6w")), where=answered(visit))
            for visit in ("6w", "6m", "24m")
        ),
    )


def _examine(*, late: bool) -> Callable[[Values], FloatArray]:
    def examine(values: Values) -> FloatArray:
        lost = values["_weaker"] * values["_points_lost"] * (values["_stays_weak"] if late else 1.0)
        gained = values["_regains"] * (values["_weaker"] == 0) * (50 - values["lems_0"])
        return np.asarray(np.maximum(values["lems_0"] - lost + np.floor(gained if late else gained / 2), 0))

    return examine
