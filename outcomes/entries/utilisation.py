"""Use of care: the stay, where patients go, readmission, work, opioids; and whether an operation took place at all."""

from __future__ import annotations

from schemas.specs import CompositeOutcome, EventOutcome, HorizonOutcome, LevelOutcome

NSQIP = "definition of the ACS NSQIP"
READMISSION = (0.58, 0.68)
OPIOID_RULES = "Goyal 2021, J Neurosurg Spine, rules of prolonged use"
IN_HOSPITAL_DEATH = "death in hospital: it ends the stay early, which is no short stay"
DIED: dict[str, tuple[str | float, ...]] = {"discharge_destination": ("died",)}
DIED_BY_30D: dict[str, tuple[str | float, ...]] = {**DIED, "death_30d": (1.0,)}
DEATH_COMPETES = "death: who died before a readmission was not readmitted and counts as 0"
LONG_STAY = (
    "a stay that ends after day 30 leaves no time to be readmitted and avoids no readmission: files of the ACS NSQIP "
    "are read as unknown then, unless the patient died by day 30"
)
AT_WORK: dict[str, tuple[str | float, ...]] = {"employment": ("working", "sick_leave")}
"""Who had work to go back to before the operation."""

READMISSIONS = (
    EventOutcome(
        name="readmission_30d_from_operation", title="Unplanned readmission within 30 days of the operation",
        kind="event", desirable=False, horizon="30 days", any_of=("readmission_30d",),
        precluded_by=f"{DEATH_COMPETES}; {LONG_STAY}", ruled_out_by=DIED_BY_30D,
        text="the days are counted from the operation, so that a patient who stays 20 days is at risk for 10 only",
        source=NSQIP, published_c_statistic=READMISSION,
    ),
    EventOutcome(
        name="readmission_related_30d_from_operation",
        title="Unplanned related readmission within 30 days of the operation", kind="event", desirable=False,
        horizon="30 days", any_of=("readmission_related_30d",),
        precluded_by=f"{DEATH_COMPETES}; {LONG_STAY}", ruled_out_by=DIED_BY_30D,
        text="for a reason that goes with the operation; the days are counted from the operation, so that a long stay "
        "leaves fewer of them", source=NSQIP, published_c_statistic=READMISSION,
    ),
    EventOutcome(
        name="readmission_90d_from_discharge", title="Unplanned readmission within 90 days of discharge", kind="event",
        desirable=False, horizon="90 days", clock="discharge", any_of=("readmission_90d",), followed="followed_90d",
        precluded_by=DEATH_COMPETES, ruled_out_by=DIED,
        text="any cause, planned and staged admissions left out", source="claims and registries; general knowledge",
        published_c_statistic=READMISSION,
    ),
    CompositeOutcome(
        name="complication_or_readmission_30d", title="Complication or unplanned readmission within 30 days",
        kind="composite", desirable=False, horizon="30 days",
        any_of=("any_complication_30d", "readmission_30d_from_operation"),
        text="the published outcome counts major complications only", source="after Shah 2021, lumbar fusion",
    ),
)  # fmt: skip

STAY = (
    LevelOutcome(
        name="stay_over_3d_posterior_lumbar_fusion", title="Stay of more than 3 days after posterior lumbar fusion",
        kind="level", desirable=False, horizon="discharge", column="length_of_stay_days", more_than=3,
        among={"planned_fusion_technique": ("posterolateral", "plif", "tlif")}, precluded_by=IN_HOSPITAL_DEATH,
        leaves_out_by=DIED,
        source="Malik 2018, J Spine Surg 4:553",
    ),
    LevelOutcome(
        name="stay_over_3d_fusion", title="Stay of more than 3 days after a fusion", kind="level", desirable=False,
        horizon="discharge", column="length_of_stay_days", more_than=3, among={"planned_fusion": (1.0,)},
        precluded_by=IN_HOSPITAL_DEATH, leaves_out_by=DIED,
        text="the cut-off was published for posterior lumbar fusion; here it is used for every fusion",
        source="Malik 2018, J Spine Surg 4:553",
    ),
    LevelOutcome(
        name="stay_over_28h_decompression", title="Stay of more than 28 hours after a decompression", kind="level",
        desirable=False, horizon="discharge", column="los_hours", more_than=28,
        among={"planned_procedure": ("decompression",)}, precluded_by=IN_HOSPITAL_DEATH, leaves_out_by=DIED,
        text="a cut-off of a centre that plans for one day", source="Siccoli 2019, Neurosurg Focus 46:E5",
    ),
    LevelOutcome(
        name="stay_two_midnights", title="Stay of two midnights or more", kind="level", desirable=False,
        horizon="discharge", column="midnights", at_least=2, precluded_by=IN_HOSPITAL_DEATH, leaves_out_by=DIED,
        source="Russo 2021, J Am Acad Orthop Surg 29:758",
    ),
    EventOutcome(
        name="same_day_discharge", title="Discharge on the day of the operation", kind="event", desirable=True,
        horizon="discharge", any_of=("same_day_discharge",), leaves_out_by=DIED, precluded_by="death in hospital",
        source="flag of the registry",
    ),
    LevelOutcome(
        name="non_home_discharge", title="Discharge to another place than home", kind="level", desirable=False,
        horizon="discharge", column="discharge_destination",
        counts=(
            "rehabilitation", "nursing_home", "skilled_care", "unskilled_facility", "senior_community",
            "acute_care_hospital", "other_facility", "hospice",
        ),
        leaves_out=("died", "against_advice"), published_c_statistic=(0.75, 0.87),
        text="a facility that was the patient's home counts as home; who died or left against advice has no "
        "destination", source="destinations of the ACS NSQIP",
    ),
)  # fmt: skip


def _back_at_work(visit: str, when: str) -> LevelOutcome:
    return LevelOutcome(
        name=f"return_to_work_{visit}", title=f"At work after {when}", kind="level", desirable=True, horizon=when,
        column=f"employment_{visit}", counts=("working",), among=AT_WORK, answered=True,
        text="among those who worked or were on sick leave before; who has retired since counts as not at work",
        source="ICHOM low back pain set 2017",
    )  # fmt: skip


def _back_by_day(months: int, days: int) -> HorizonOutcome:
    return HorizonOutcome(
        name=f"return_to_work_by_{months}m", title=f"Back at work within {months} months", kind="event_by_horizon",
        desirable=True, horizon=f"{months} months", time="return_to_work_days", competing=("death_days",),
        followed_until="follow_up_days", horizon_days=days, among=AT_WORK,
        text="the first day at work, among those who worked or were on sick leave before",
        source="Quality Outcomes Database, return to work 2017",
    )  # fmt: skip


WORK = (
    EventOutcome(
        name="return_to_work", title="Back at work by the last contact", kind="event", desirable=True,
        horizon="last contact", any_of=("return_to_work",), among=AT_WORK,
        text="the time of the last contact differs between patients: prefer a visit or a day", source="flag of the "
        "registry",
    ),
    _back_at_work("3m", "3 months"),
    _back_at_work("12m", "12 months"),
    _back_by_day(3, 91),
    _back_by_day(12, 365),
)  # fmt: skip

OPIOID_COLUMNS = (
    ("opioid_refill_180d", "Opioid dispensed between day 90 and day 180", "one fill at least"),
    ("opioid_span_90d", "Opioids for 90 days or more without a gap", "a span that began within 180 days"),
    ("opioid_episode_120d", "Opioid episode of more than 90 days",
     "with 120 days' supply or 10 prescriptions within 180 days, the rule of the CONSORT study"),
)  # fmt: skip
OPIOID_GROUPS: tuple[tuple[str, str, dict[str, tuple[str | float, ...]]], ...] = (
    ("", "", {}),
    ("_naive", ", opioid-naive before", {"opioid_use": ("not_used",)}),
    ("_exposed", ", opioids before", {"opioid_use": ("intermittent", "daily")}),
)
"""Ending of the name and of the title, and who belongs: the same rule means another thing in the two groups."""

OPIOIDS = tuple(
    EventOutcome(
        name=f"{column}{ending}", title=f"{title}{whom}", kind="event", desirable=False, horizon="180 days",
        any_of=(column,), among=among, only_with={"insured_180d": (1.0,)},
        precluded_by="death: who died counts as recorded",
        text=text, source=OPIOID_RULES,
    )
    for column, title, text in OPIOID_COLUMNS
    for ending, whom, among in OPIOID_GROUPS
)  # fmt: skip

DECISIONS = (
    EventOutcome(
        name="surgery_performed", title="The candidate was operated on", kind="event", desirable=True,
        horizon="the registry's own", any_of=("surgery_performed",), patient_outcome=False,
        text="it says what was decided, not who would have gained: neither answer is the better one",
        source="label of triage studies",
    ),
)  # fmt: skip

UTILISATION = READMISSIONS + STAY + WORK + OPIOIDS + DECISIONS
