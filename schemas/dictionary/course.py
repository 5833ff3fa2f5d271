"""Data dictionary: what is known during the operation or at discharge; never a preoperative predictor."""

from __future__ import annotations

from schemas.dictionary.common import LUMBAR, NECK, category, flag, identifier, number
from schemas.dictionary.labs import LABS_AFTER

NSQIP = "ACS NSQIP participant use file"

INTRAOPERATIVE = (
    number("operative_minutes", "minutes", (1, 1500), "Skin to skin time.", plausible=(15, 900), at="intraop"),
    number("blood_loss_ml", "mL", (0, 20000), "Estimated blood loss.", plausible=(0, 6000), at="intraop"),
    flag("dural_tear", "Unintended opening of the dura, as recorded by the surgeon.", at="intraop"),
    flag("transfusion_intraop", "Red cells were transfused during the operation.", at="intraop"),
    flag("neuromonitoring_alert", "Monitoring of the cord or roots raised an alarm.", at="intraop"),
    flag("nerve_root_injury", "A nerve root or the cauda equina was injured.", at="intraop",
         source="ICHOM low back pain set 2017"),
    flag("vascular_injury", "A large vessel was injured.", at="intraop", source="ICHOM low back pain set 2017"),
    flag("wrong_site", "Operated at the wrong level or side at first.", at="intraop",
         source="ICHOM low back pain set 2017"),
    category("carragee_class", ("fragment_fissure", "fragment_defect", "fragment_contained", "no_fragment"),
             "Class of the herniation as seen at operation.", at="intraop", cohorts=LUMBAR,
             source="Carragee 2003, J Bone Joint Surg Am 85:102"),
    number("annular_defect_mm", "mm", (0, 30), "Width of the hole in the annulus; 6 or more is large.",
           plausible=(0, 15), at="intraop", cohorts=LUMBAR),
    number("screw_density", "fraction", (0, 1), "Share of the possible screws that were placed.", at="intraop",
           cohorts=NECK, source="Chen 2024, BMC Musculoskelet Disord 25:1"),
    category("anesthesia_type", ("general", "spinal", "epidural", "regional", "sedation", "local", "other"),
             "Anaesthesia that was given.", at="intraop", source=NSQIP),
    category("wound_class", ("clean", "clean_contaminated", "contaminated", "dirty"),
             "Cleanness of the wound at the end of the operation.", at="intraop", source=NSQIP),
    flag("robot_used", "A robot was used.", at="intraop", source=NSQIP),
    category("access_used", ("open", "minimally_invasive", "endoscopic"), "Access that was used in the end.",
             at="intraop", source=NSQIP),
)  # fmt: skip

STAY = (
    number("length_of_stay_days", "days", (0, 365), "Nights in hospital after the operation.", plausible=(0, 60),
           at="discharge"),
    category(
        "discharge_destination",
        (
            "home", "rehabilitation", "nursing_home", "skilled_care", "unskilled_facility", "senior_community",
            "acute_care_hospital", "other_facility", "hospice", "against_advice", "died",
        ),
        "Where the patient went; nursing_home where the registry does not tell skilled from unskilled care.",
        at="discharge",
    ),
    number("midnights", "midnights", (0, 365), "Midnights in hospital after the operation.", plausible=(0, 60),
           at="discharge", source="Russo 2021, J Am Acad Orthop Surg 29:758"),
    number("los_hours", "hours", (0, 8760), "Hours in hospital after the operation.", plausible=(2, 1440),
           at="discharge"),
    number("total_stay_days", "days", (0, 730), "Days in hospital from admission to discharge.", plausible=(0, 90),
           at="discharge", source=NSQIP),
    flag("inpatient", "Registered as an inpatient in the end, which the length of the stay decides.", at="discharge",
         source=NSQIP),
    flag("same_day_discharge", "Went home on the day of the operation.", at="discharge"),
    flag("icu_admission", "Was in intensive care after the operation.", at="discharge"),
    flag("adverse_event", "Any adverse event during the stay.", at="discharge"),
    flag("in_hospital_complication", "Any complication during the stay, as the registry counts them.",
         at="discharge"),
    flag("delirium", "Delirium after the operation.", at="discharge", source=NSQIP),
    category("discharge_functional_status", ("independent", "partially_dependent", "totally_dependent", "died"),
             "Self-care at discharge.", at="discharge", source=NSQIP),
    flag("discharge_home_services", "Went home with new help.", at="discharge", source=NSQIP),
    number("lordosis_correction_deg", "degrees", (-90, 90), "Cervical lordosis gained by the operation.",
           plausible=(-20, 50), at="discharge", cohorts=NECK, source="Chen 2024, BMC Musculoskelet Disord 25:1"),
)  # fmt: skip

DONE = (
    category(
        "procedure",
        (
            "discectomy", "decompression", "laminectomy", "laminoplasty", "foraminotomy", "fusion",
            "decompression_fusion", "disc_arthroplasty", "corpectomy", "osteotomy", "deformity_correction", "other",
        ),
        "Operation that was done, from the final code.", at="discharge",
    ),
    identifier("cpt_code", "Final procedure code of the operation.", at="discharge"),
    identifier("other_cpt_codes", "Further procedure codes of the same operation, with commas.", at="discharge"),
    identifier("cpt_group", "Group of procedure codes; one that was learned from outcomes must be learned in each "
               "fold.", at="discharge"),
    number("work_rvu", "RVU", (0, 200), "Relative value of the work, from the final code.", plausible=(5, 80),
           at="discharge", source=NSQIP),
    identifier("diagnosis_code", "Diagnosis code after the operation.", at="discharge"),
    category("rehab_arm", ("standard", "structured"), "Rehabilitation that was given after the operation.",
             at="discharge", cohorts=NECK, source="Liew 2020, Sci Rep 10:16782"),
)  # fmt: skip

DISCHARGE = STAY + DONE + LABS_AFTER
COURSE = INTRAOPERATIVE + DISCHARGE
