"""Complications of the operation and of the days after it."""

from __future__ import annotations

from schemas.specs import CompositeOutcome, EventOutcome, HorizonOutcome, LevelOutcome

NSQIP = "definition of the ACS NSQIP"
CALCULATOR = "components of the ACS NSQIP surgical risk calculator"
NHSN = "CDC National Healthcare Safety Network, surgical site infection event; windows quoted by others"
ICHOM = "ICHOM low back pain set 2017"

WINDOW = "counted over the 30 days after the operation, in hospital or not"
DEATH = "death: who died without the event counts as recorded"

KNOWN_BEFORE = {
    f"{stem}_30d": f"{stem}_patos"
    for stem in (
        "superficial_ssi", "deep_ssi", "organ_space_ssi", "pneumonia", "ventilator_over_48h", "urinary_tract_infection",
        "septic_shock",
    )
}  # fmt: skip
"""Flags of one kind each, of which a registry may say that it was there at the operation. A flag that joins several
kinds cannot be corrected in this way: one kind may have been there before and another one be new."""

ACS_ANY = (
    "superficial_ssi_30d", "deep_ssi_30d", "organ_space_ssi_30d", "wound_disruption_30d", "pneumonia_30d",
    "unplanned_intubation_30d", "pulmonary_embolism_30d", "ventilator_over_48h_30d",
    "progressive_renal_insufficiency_30d", "acute_renal_failure_30d", "urinary_tract_infection_30d", "stroke_30d",
    "cardiac_arrest_30d", "myocardial_infarction_30d", "deep_vein_thrombosis_30d", "sepsis_30d",
)  # fmt: skip
ACS_SERIOUS = (
    "death_30d", "cardiac_arrest_30d", "myocardial_infarction_30d", "pneumonia_30d",
    "progressive_renal_insufficiency_30d", "acute_renal_failure_30d", "pulmonary_embolism_30d",
    "deep_vein_thrombosis_30d", "reoperation_30d", "deep_ssi_30d", "organ_space_ssi_30d", "sepsis_30d",
    "unplanned_intubation_30d", "urinary_tract_infection_30d", "wound_disruption_30d",
)  # fmt: skip
GRADE_3_FLAGS = (
    "reoperation_30d", "unplanned_intubation_30d", "ventilator_over_48h_30d", "acute_renal_failure_30d", "stroke_30d",
    "cardiac_arrest_30d", "myocardial_infarction_30d", "septic_shock_30d", "death_30d",
)  # fmt: skip


def _any_of(
    name: str, title: str, flags: tuple[str, ...], text: str, source: str, published: tuple[float, float] | None = None
) -> EventOutcome:
    """Declare an outcome of several flags within 30 days of the operation."""
    return EventOutcome(
        name=name, title=title, kind="event", desirable=False, horizon="30 days", any_of=flags,
        present_before={flag: before for flag, before in KNOWN_BEFORE.items() if flag in flags},
        text=text, source=source, published_c_statistic=published,
    )  # fmt: skip


ANY_COMPLICATION = (
    _any_of(
        "any_complication_30d", "Any complication within 30 days",
        (
            "surgical_site_infection_30d", "venous_thromboembolism_30d", "urinary_tract_infection_30d",
            "pneumonia_30d", "sepsis_30d", "myocardial_infarction_30d", "stroke_30d", "haematoma_30d", "death_30d",
        ),
        "transfusion is not counted: it includes blood given during the operation",
        "components after the ACS NSQIP definitions", (0.60, 0.72),
    ),
    _any_of(
        "any_complication_nsqip_30d", "Any complication within 30 days, all that the NSQIP records",
        (*ACS_ANY, "septic_shock_30d", "death_30d"),
        f"{WINDOW}; transfusion and reoperation are not counted", "components after the ACS NSQIP definitions",
        (0.60, 0.72),
    ),
    _any_of(
        "any_complication_acs_30d", "Any complication within 30 days, list of the ACS calculator", ACS_ANY,
        f"{WINDOW}; transfusion, death and reoperation are not counted, so that who died without one of these counts "
        "as having none", CALCULATOR, (0.60, 0.72),
    ),
    _any_of(
        "serious_complication_acs_30d", "Serious complication within 30 days, list of the ACS calculator", ACS_SERIOUS,
        f"{WINDOW}; return to the operating theatre is taken as the unplanned reoperation; published code counts "
        "other lists under this name", CALCULATOR, (0.60, 0.72),
    ),
    LevelOutcome(
        name="clavien_dindo_3", title="Complication of Clavien-Dindo grade 3 or more", kind="level", desirable=False,
        horizon="as far as the registry grades", column="clavien_dindo", counts=("3a", "3b", "4a", "4b", "5"),
        text="an intervention, failure of an organ or intensive care, or death", source="Dindo 2004, Ann Surg 240:205",
    ),
    _any_of(
        "clavien_dindo_3_nsqip_30d", "Clavien-Dindo grade 3 or more within 30 days, from NSQIP events", GRADE_3_FLAGS,
        f"{WINDOW}; unplanned reoperation stands for grade 3, death is grade 5, the others are grade 4; grade 3 "
        "interventions outside the operating theatre are not seen", "mapping as in public code for the ACS NSQIP",
    ),
)  # fmt: skip


def _flag_30d(
    stem: str, title: str, text: str, *, competing: str = DEATH, published: tuple[float, float] | None = None
) -> EventOutcome:
    """Declare one flag within 30 days of the operation."""
    name = f"{stem}_30d"
    return EventOutcome(
        name=name, title=f"{title} within 30 days", kind="event", desirable=False, horizon="30 days", any_of=(name,),
        present_before={name: KNOWN_BEFORE[name]} if name in KNOWN_BEFORE else {}, precluded_by=competing,
        text=f"{text}; {WINDOW}", source=NSQIP, published_c_statistic=published,
    )  # fmt: skip


SSI = (0.60, 0.72)

INFECTIONS = (
    _flag_30d("surgical_site_infection", "Surgical site infection",
              "superficial, deep or organ space, as one flag of the registry", published=SSI),
    _flag_30d("superficial_ssi", "Superficial surgical site infection",
              "skin and fat only, with pus, a positive culture, a wound that was opened for signs of infection, or a "
              "clinician's diagnosis; an abscess of a stitch does not count", published=SSI),
    _flag_30d("deep_ssi", "Deep surgical site infection",
              "fascia or muscle, with pus, a wound that came apart or was opened with fever or pain, an abscess, or a "
              "clinician's diagnosis; superficial and deep together count as deep, and so does an infection of the "
              "organ space that drains through the wound", published=SSI),
    _flag_30d("organ_space_ssi", "Organ-space surgical site infection",
              "a space that was opened or handled, such as the disc or the epidural space", published=SSI),
    CompositeOutcome(
        name="surgical_site_infection_kinds_30d", title="Surgical site infection within 30 days, from its three kinds",
        kind="composite", desirable=False, horizon="30 days",
        any_of=("superficial_ssi_30d", "deep_ssi_30d", "organ_space_ssi_30d"), source=NSQIP,
        published_c_statistic=SSI,
        text="unlike the one flag it can leave out what was there at the time of the operation, kind by kind",
    ),
    EventOutcome(
        name="deep_or_organ_space_ssi_90d", title="Deep or organ-space infection within 90 days of a fusion",
        kind="event", desirable=False, horizon="90 days", any_of=("deep_ssi_90d", "organ_space_ssi_90d"),
        among={"planned_fusion": (1.0,)}, precluded_by=DEATH, source=NHSN, published_c_statistic=SSI,
        text="after a fusion the window is 90 days; after a laminectomy, and for superficial infection, it is 30",
    ),
    EventOutcome(
        name="deep_or_organ_space_ssi_30d", title="Deep or organ-space infection within 30 days, not after a fusion",
        kind="event", desirable=False, horizon="30 days", any_of=("deep_ssi_30d", "organ_space_ssi_30d"),
        among={"planned_fusion": (0.0,)},
        present_before={name: KNOWN_BEFORE[name] for name in ("deep_ssi_30d", "organ_space_ssi_30d")},
        precluded_by=DEATH, source=NHSN, published_c_statistic=SSI,
        text="the window of a laminectomy, used for every operation without a fusion; after a fusion it is 90 days",
    ),
    _flag_30d("urinary_tract_infection", "Urinary tract infection",
              "a culture of more than 100 000 per mL with two species at most and a symptom, or two symptoms with a "
              "finding that supports it"),
    _flag_30d("pneumonia", "Pneumonia", "signs on a radiograph with fever, white cells or a change of mind, and a "
              "microbiological or clinical finding"),
    _flag_30d("sepsis", "Sepsis or septic shock", "two signs of a systemic response with a positive blood culture or a "
              "source; the flag joins sepsis and shock"),
    _flag_30d("septic_shock", "Septic shock", "sepsis with failure of an organ or of the circulation"),
)  # fmt: skip

VESSELS = (
    _flag_30d("deep_vein_thrombosis", "Deep vein thrombosis", "new, proven by imaging, and treated or refused "
              "treatment; the source counts superficial veins too, and changed its wording in July 2021"),
    _flag_30d("pulmonary_embolism", "Pulmonary embolism", "new, and proven by imaging or autopsy"),
    _flag_30d("venous_thromboembolism", "Venous thromboembolism", "vein thrombosis or pulmonary embolism; how often "
              "it is found depends on how it is looked for"),
    _flag_30d("myocardial_infarction", "Myocardial infarction", "by electrocardiogram, a troponin of more than three "
              "times the limit, or diagnosis"),
    _flag_30d("cardiac_arrest", "Cardiac arrest", "with resuscitation"),
    _flag_30d("stroke", "Stroke", "with a deficit of 24 hours or more"),
    _flag_30d("transfusion", "Transfusion", "one unit or more from the start of the operation to 72 hours after it: "
              "blood that was given during the operation is included, which is why no composite counts it"),
)  # fmt: skip

DEATHS = (
    EventOutcome(
        name="mortality_30d", title="Death within 30 days", kind="event", desirable=False, horizon="30 days",
        any_of=("death_30d",), text=f"any cause; {WINDOW}", source=NSQIP, published_c_statistic=(0.80, 0.92),
    ),
    EventOutcome(
        name="mortality_90d", title="Death within 90 days", kind="event", desirable=False, horizon="90 days",
        any_of=("death_90d",), text="any cause, as recorded by the registry; counted from the operation",
        source="flag of the registry", published_c_statistic=(0.80, 0.92),
    ),
    HorizonOutcome(
        name="mortality_90d_dated", title="Death within 90 days, from the day of death", kind="event_by_horizon",
        desirable=False, horizon="90 days", time="death_days", followed_until="follow_up_days", horizon_days=90,
        text="any cause; counted from the operation; needs no flag of the registry", source="day of death",
        published_c_statistic=(0.80, 0.92),
    ),
)  # fmt: skip


def _recorded(name: str, column: str, title: str, horizon: str, text: str, source: str) -> EventOutcome:
    return EventOutcome(
        name=name, title=title, kind="event", desirable=False, horizon=horizon, any_of=(column,), text=text,
        source=source,
    )  # fmt: skip


AT_OPERATION = (
    _recorded("incidental_durotomy", "dural_tear", "Incidental durotomy", "end of the operation",
              "any unintended opening of the dura, as the surgeon recorded it; diagnosis codes miss many; it is known "
              "during the operation and is never a predictor before it", "surgeon's record"),
    _recorded("nerve_root_injury", "nerve_root_injury", "Injury of a nerve root or the cauda equina",
              "end of the operation", "as the surgeon recorded it", ICHOM),
    _recorded("vascular_injury", "vascular_injury", "Injury of a large vessel", "end of the operation",
              "as the surgeon recorded it", ICHOM),
    _recorded("wrong_site", "wrong_site", "Operation at the wrong level or side", "end of the operation",
              "at first, whether or not it was put right", ICHOM),
    _recorded("other_complication_30d", "other_complication_30d", "Another complication within 30 days", "30 days",
              "any that the set does not name", ICHOM),
)  # fmt: skip

ICHOM_SET = (
    CompositeOutcome(
        name="ichom_complication_30d", title="Any complication of the ICHOM low back pain set", kind="composite",
        desirable=False, horizon="30 days",
        any_of=(
            "mortality_30d", "nerve_root_injury", "deep_ssi_30d", "pulmonary_embolism_30d", "wrong_site",
            "vascular_injury", "incidental_durotomy", "other_complication_30d", "readmission_30d_from_operation",
        ),
        text="deep infection is taken as that of fascia or muscle, readmission as the unplanned one", source=ICHOM,
    ),
)  # fmt: skip

COMPLICATIONS = ANY_COMPLICATION + INFECTIONS + VESSELS + DEATHS + AT_OPERATION + ICHOM_SET
