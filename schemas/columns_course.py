"""Data dictionary: what is known during the operation, at discharge or later; never a preoperative predictor."""

from __future__ import annotations

from schemas.column import Column
from schemas.columns_identity import ALL

INTRAOPERATIVE = (
    Column(
        name="operative_minutes", kind="number", known_at="intraop", unit="minutes", hard=(1, 1500),
        plausible=(15, 900), cohorts=ALL, text="Skin to skin time.",
    ),
    Column(
        name="blood_loss_ml", kind="number", known_at="intraop", unit="mL", hard=(0, 20000), plausible=(0, 6000),
        cohorts=ALL, text="Estimated blood loss.",
    ),
    Column(
        name="dural_tear", kind="flag", known_at="intraop", cohorts=ALL,
        text="Unintended opening of the dura, as recorded by the surgeon.",
    ),
)  # fmt: skip

DISCHARGE = (
    Column(
        name="length_of_stay_days", kind="number", known_at="discharge", unit="days", hard=(0, 365),
        plausible=(0, 60), cohorts=ALL, text="Nights in hospital after the operation.",
    ),
    Column(
        name="discharge_destination", kind="category", known_at="discharge",
        levels=("home", "rehabilitation", "nursing_home"), cohorts=ALL, text="Where the patient went.",
    ),
)  # fmt: skip


def _within_30_days(name: str, what: str, source: str = "") -> Column:
    return Column(
        name=name,
        kind="flag",
        known_at="followup",
        text=f"{what} within 30 days of the operation.",
        cohorts=ALL,
        source=source,
    )


NSQIP = "after the definitions of the ACS NSQIP participant use file"

EVENTS_30D = (
    _within_30_days("surgical_site_infection_30d", "Superficial, deep or organ-space wound infection", NSQIP),
    _within_30_days("venous_thromboembolism_30d", "Deep vein thrombosis or pulmonary embolism", NSQIP),
    _within_30_days("urinary_tract_infection_30d", "Urinary tract infection", NSQIP),
    _within_30_days("pneumonia_30d", "Pneumonia", NSQIP),
    _within_30_days("sepsis_30d", "Sepsis or septic shock", NSQIP),
    _within_30_days("myocardial_infarction_30d", "Myocardial infarction", NSQIP),
    _within_30_days("stroke_30d", "Stroke with a deficit of 24 hours or more", NSQIP),
    _within_30_days("haematoma_30d", "Haematoma that needed an operation or caused a deficit"),
    _within_30_days("death_30d", "Death from any cause", NSQIP),
    _within_30_days("transfusion_30d", "Transfusion of red cells, during the operation or after it", NSQIP),
    _within_30_days("readmission_30d", "Unplanned readmission", NSQIP),
    _within_30_days("reoperation_30d", "Unplanned return to the operating theatre", NSQIP),
)

TIMES = (
    Column(
        name="reherniation_days", kind="number", known_at="followup", unit="days", hard=(1, 15000),
        cohorts=("lumbar",),
        text="Days from the operation to the first symptomatic reherniation at the operated level that imaging has "
        "proven; missing means none recorded.",
    ),
    Column(
        name="other_fusion_days", kind="number", known_at="followup", unit="days", hard=(1, 15000),
        cohorts=("lumbar",),
        text="Days from the operation to a fusion at the operated level for another reason, which precludes a "
        "reherniation; missing means none recorded.",
    ),
    Column(
        name="reoperation_days", kind="number", known_at="followup", unit="days", hard=(0, 15000), cohorts=ALL,
        text="Days from the operation to the first unplanned spine operation; missing means none recorded.",
    ),
    Column(
        name="death_days", kind="number", known_at="followup", unit="days", hard=(0, 15000), cohorts=ALL,
        text="Days from the operation to death from any cause; missing means none recorded.",
    ),
    Column(
        name="follow_up_days", kind="number", known_at="followup", unit="days", hard=(0, 15000), cohorts=ALL,
        text="Days from the operation to the last day on which the patient was known to be followed for events.",
    ),
)  # fmt: skip

COURSE = INTRAOPERATIVE + DISCHARGE + EVENTS_30D + TIMES
