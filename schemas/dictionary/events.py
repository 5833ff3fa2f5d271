"""Data dictionary: what happens after the operation, and when; outcomes and their parts, never predictors before it."""

from __future__ import annotations

from schemas.column import Column
from schemas.dictionary.common import ALL, BACK, LUMBAR, NECK, TRUNK, category, flag, identifier, number

NSQIP = "after the definitions of the ACS NSQIP participant use file"
FILE = "ACS NSQIP participant use file"

WITHIN_30_DAYS = (
    ("surgical_site_infection", "Superficial, deep or organ-space wound infection", NSQIP),
    ("venous_thromboembolism", "Deep vein thrombosis or pulmonary embolism", NSQIP),
    ("urinary_tract_infection", "Urinary tract infection", NSQIP),
    ("pneumonia", "Pneumonia", NSQIP),
    ("sepsis", "Sepsis or septic shock", NSQIP),
    ("myocardial_infarction", "Myocardial infarction", NSQIP),
    ("stroke", "Stroke with a deficit of 24 hours or more", NSQIP),
    ("haematoma", "Haematoma that needed an operation or caused a deficit", ""),
    ("death", "Death from any cause", NSQIP),
    ("transfusion", "Transfusion of red cells, during the operation or after it", NSQIP),
    ("readmission", "Unplanned readmission", NSQIP),
    ("reoperation", "Unplanned return to the operating theatre", NSQIP),
    ("superficial_ssi", "Wound infection of skin and fat only", NSQIP),
    ("deep_ssi", "Wound infection of fascia or muscle", NSQIP),
    ("organ_space_ssi", "Infection of the disc, the canal or another opened space", NSQIP),
    ("wound_disruption", "Wound that came apart", NSQIP),
    ("deep_vein_thrombosis", "Vein thrombosis that imaging proved and that was treated", NSQIP),
    ("pulmonary_embolism", "Pulmonary embolism, proven", NSQIP),
    ("unplanned_intubation", "Intubation that was not planned", NSQIP),
    ("ventilator_over_48h", "More than 48 hours on a ventilator, added up", NSQIP),
    ("progressive_renal_insufficiency", "Rise of creatinine without dialysis", NSQIP),
    ("acute_renal_failure", "New dialysis", NSQIP),
    ("cardiac_arrest", "Cardiac arrest with resuscitation", NSQIP),
    ("septic_shock", "Septic shock", NSQIP),
    ("clostridium_difficile", "Clostridioides difficile infection", NSQIP),
    ("readmission_related", "Unplanned readmission for a reason that goes with the operation", NSQIP),
    ("reoperation_related", "Unplanned operation for a reason that goes with the first", NSQIP),
    ("returned_to_theatre", "Any return to the operating theatre, in the older and wider wording", NSQIP),
    ("still_in_hospital", "Still in hospital, or there again, on day 30", NSQIP),
    ("covid", "COVID-19", NSQIP),
    ("end_of_life_care", "Care was withdrawn", NSQIP),
    ("complication", "Any complication as the registry counts them", ""),
)  # fmt: skip
"""Stem of the name, what it is, source."""

EVENTS_30D = tuple(
    flag(f"{stem}_30d", f"{what} within 30 days of the operation.", at="followup", source=source)
    for stem, what, source in WITHIN_30_DAYS
)

COUNTED_DAYS = (
    "superficial_ssi", "deep_ssi", "organ_space_ssi", "wound_disruption", "pneumonia", "unplanned_intubation",
    "pulmonary_embolism", "ventilator_over_48h", "progressive_renal_insufficiency", "acute_renal_failure",
    "urinary_tract_infection", "stroke", "cardiac_arrest", "myocardial_infarction", "deep_vein_thrombosis", "sepsis",
    "septic_shock", "transfusion", "clostridium_difficile",
)  # fmt: skip
PRESENT_BEFORE = (
    "superficial_ssi", "deep_ssi", "organ_space_ssi", "pneumonia", "ventilator_over_48h", "urinary_tract_infection",
    "sepsis", "septic_shock",
)  # fmt: skip
"""Events of which the surgical programme says whether they were there at the time of the operation."""

EVENT_WORDS = {stem: what for stem, what, _ in WITHIN_30_DAYS}

EVENT_DAYS = tuple(
    number(
        f"{stem}_days", "days", (0, 365), f"{EVENT_WORDS[stem]}: days from the operation to the first one; missing "
        "means none recorded.", plausible=(0, 30), at="followup", source=NSQIP,
    )
    for stem in COUNTED_DAYS
) + tuple(
    flag(
        f"{stem}_patos", f"{EVENT_WORDS[stem]}: it was there at the time of the operation, as found out later.",
        at="followup", source=NSQIP, predictor=False,
    )
    for stem in PRESENT_BEFORE
)  # fmt: skip

AFTER_30_DAYS = (
    flag("readmission_90d", "Unplanned readmission within 90 days of the discharge.", at="followup"),
    flag("reoperation_90d", "Unplanned reoperation within 90 days of the operation.", at="followup"),
    flag("death_90d", "Death from any cause within 90 days of the operation.", at="followup"),
    flag("deep_ssi_90d", "Deep wound infection within 90 days of a fusion.", at="followup",
         source="NHSN surgical site infection event"),
    flag("organ_space_ssi_90d", "Organ-space wound infection within 90 days of a fusion.", at="followup",
         source="NHSN surgical site infection event"),
    category("clavien_dindo", ("0", "1", "2", "3a", "3b", "4a", "4b", "5"), "Worst complication on the scale of "
             "Clavien and Dindo, 0 is none.", at="followup", source="Dindo 2004, Ann Surg 240:205"),
    number("transfused_units", "units", (0, 200), "Units of red cells up to 72 hours after the start; 0 is none.",
           plausible=(0, 20), at="followup", source=FILE),
    flag("followed_90d", "Followed for all of the 90 days after discharge: an admission anywhere would be known.",
         at="followup", predictor=False),
    flag("other_complication_30d", "Any other complication within 30 days of the operation, beside those asked for by "
         "name.", at="followup", source="ICHOM low back pain set 2017"),
    flag("postdischarge_complication", "Any complication after the discharge.", at="followup",
         source="Kalagara 2019, J Neurosurg Spine 30:344"),
    identifier("reoperation_cpt_code", "Procedure code of the first unplanned operation after this.", at="followup"),
    flag("wound_infection_superficial_3m", "Superficial wound infection, as the patient says after 3 months.",
         at="followup"),
    flag("wound_infection_deep_3m", "Deep wound infection, as the patient says after 3 months.", at="followup"),
    flag("dysphagia_3m", "Trouble swallowing, as the patient says after 3 months.", at="followup", cohorts=NECK),
    flag("voice_problem_3m", "Trouble with the voice, as the patient says after 3 months.", at="followup",
         cohorts=NECK),
)  # fmt: skip

NERVES = (
    flag("new_neurological_deficit", "Any new loss of strength against the examination before.", at="followup"),
    flag("major_neurological_deficit", "Loss of 5 or more points of the legs' motor score.", at="followup",
         source="Lenke 2016, Spine 41:204"),
    flag("myotome_deficit", "Loss of strength by a grade or more in one group of muscles against the examination "
         "before.", at="followup"),
    flag("c5_palsy", "Loss of deltoid or biceps strength by a grade within 6 weeks, the cord no worse.",
         at="followup", cohorts=NECK),
    flag("cauda_equina_after", "Cauda equina syndrome after the operation.", at="followup",
         source="ICHOM low back pain set 2017"),
)  # fmt: skip

STRUCTURE = (
    flag("residual_herniation", "Disc left behind: no interval without pain after the operation.", at="followup",
         cohorts=LUMBAR),
    number("pain_free_days", "days", (0, 15000), "Days of relief between the operation and the reherniation's pain.",
           at="followup", cohorts=LUMBAR),
    category("recurrence_level_side", ("same_level_same_side", "same_level_other_side", "other_level"),
             "Where the reherniation is, against the operation.", at="followup", cohorts=LUMBAR),
    category("fusion_reason", ("recurrence", "other", "not_adjudicated"),
             "Why the operated level was fused afterwards, the first time.", at="followup", cohorts=LUMBAR),
    flag("pjk", "Proximal junctional kyphosis: angle of 10 degrees or more that grew by 10 or more.", at="followup",
         cohorts=TRUNK, source="Glattes 2005, Spine 30:1643"),
    flag("pjf", "Proximal junctional failure: kyphosis with fracture, pull-out, slip, deficit or revision.",
         at="followup", cohorts=TRUNK, source="Scheer 2016, Spine 41:E1328"),
    flag("uiv_fracture", "A fracture of the upper instrumented vertebra or the one above it.", at="followup",
         cohorts=TRUNK, source="Scheer 2016, Spine 41:E1328"),
    flag("uiv_pull_out", "Implants pulled out at the upper instrumented vertebra.", at="followup", cohorts=TRUNK,
         source="Scheer 2016, Spine 41:E1328"),
    flag("uiv_subluxation", "A slip at the upper end of the instruments.", at="followup", cohorts=TRUNK,
         source="Scheer 2016, Spine 41:E1328"),
    flag("junctional_deficit", "A new neurological deficit from the upper end of the instruments.", at="followup",
         cohorts=TRUNK, source="Scheer 2016, Spine 41:E1328"),
    flag("revision_for_pjk", "An operation for proximal junctional kyphosis.", at="followup", cohorts=TRUNK),
    flag("pseudarthrosis", "A fusion that has not healed after 12 months or more.", at="followup"),
    flag("adjacent_degeneration", "Wear of a neighbouring segment on images.", at="followup"),
    flag("adjacent_disease", "Symptoms from a neighbouring segment.", at="followup"),
    flag("implant_failure", "A broken or loose implant.", at="followup"),
    flag("rod_fracture", "A broken rod.", at="followup", cohorts=BACK),
    flag("screw_loosening", "A loose screw.", at="followup"),
)  # fmt: skip

OPIOIDS = (
    flag("opioid_refill_180d", "An opioid was dispensed between day 90 and day 180.", at="followup"),
    flag("opioid_span_90d", "Opioids without a gap for 90 days or more that began within 180 days.", at="followup"),
    flag("insured_180d", "Insured without a gap from 180 days before to 180 days after the operation, so that each "
         "prescription is seen.", at="followup", predictor=False),
    flag("opioid_episode_120d", "More than 90 days of opioids with 120 days' supply or 10 prescriptions within 180 "
         "days.", at="followup"),
)  # fmt: skip

WORK = (
    flag("return_to_work", "Back at work by the last contact; for those who worked before only.", at="followup"),
    number("return_to_work_days", "days", (0, 15000), "Days from the operation to the first day at work; missing "
           "means not back.", at="followup"),
    flag("surgery_performed", "The candidate was operated on in the end.", at="followup"),
    number("expert_probability", "fraction", (0, 1), "An expert's recommendation to operate, as a probability.",
           at="followup", source="Mourad 2022, Eur Spine J 31:2149", predictor=False),
    number("predicted_mortality", "fraction", (0, 1), "The surgical programme's own risk of death; made from the "
           "same year's outcomes.", at="followup", source=FILE, predictor=False),
    number("predicted_morbidity", "fraction", (0, 1), "The surgical programme's own risk of complications; made "
           "from the same year's outcomes.", at="followup", source=FILE, predictor=False),
)  # fmt: skip


def _days_to(name: str, what: str, cohorts: tuple[str, ...] = ALL, least: int = 0) -> Column:
    return number(name, "days", (least, 15000), f"Days from the operation to {what}.", at="followup", cohorts=cohorts)


TIMES = (
    _days_to(
        "reherniation_days", "the first symptomatic reherniation at the operated level that imaging has proven; "
        "missing means none recorded", LUMBAR, 1,
    ),
    _days_to(
        "other_fusion_days", "a fusion at the operated level for another reason, which precludes a reherniation; "
        "missing means none recorded", LUMBAR, 1,
    ),
    _days_to("level_fusion_days", "the first fusion at an operated level, for whatever reason; missing means none "
             "recorded", LUMBAR),
    _days_to("revision_discectomy_days", "the first repeat discectomy at an operated level; missing means none "
             "recorded", LUMBAR),
    _days_to("reoperation_days", "the first unplanned spine operation; missing means none recorded"),
    _days_to("death_days", "death from any cause; missing means none recorded"),
    _days_to("follow_up_days", "the last day on which the patient was known to be followed for events"),
    _days_to("same_level_reoperation_days", "the first operation at an operated level; missing means none recorded"),
    _days_to("adjacent_reoperation_days", "the first operation next to the operated levels; missing means none "
             "recorded"),
    _days_to("other_level_reoperation_days", "the first operation further away; missing means none recorded"),
    _days_to("readmission_days", "the first unplanned readmission; missing means none recorded"),
    _days_to("infection_days", "the first wound infection; missing means none recorded"),
    _days_to("pjk_days", "the images that first show a proximal junctional kyphosis; missing means none recorded",
             TRUNK),
    _days_to("last_imaging_days", "the last images of the spine, which show what radiographs alone can show"),
    _days_to("pseudarthrosis_days", "the images that first show a failed fusion; missing means none recorded"),
)  # fmt: skip

EVENTS = EVENTS_30D + TIMES + EVENT_DAYS + AFTER_30_DAYS + NERVES + STRUCTURE + OPIOIDS + WORK
