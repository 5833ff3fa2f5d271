"""Data dictionary: the patient, their habits, work and insurance, all known before the operation."""

from __future__ import annotations

from schemas.dictionary.common import category, flag, number

NSQIP = "ACS NSQIP participant use file"

CHARACTERISTICS = (
    number("age", "years", (0, 110), "Age at the operation.", plausible=(18, 95)),
    category("sex", ("female", "male", "other"), "Sex as recorded by the registry."),
    number("bmi", "kg/m2", (12, 75), "Body mass index.", plausible=(17, 50)),
    category(
        "smoking", ("never", "former", "current"),
        "Smoking of tobacco; registries differ in how long ago former begins.",
    ),
    category("education", ("no_schooling", "primary", "secondary", "tertiary"), "Highest completed education."),
    category(
        "employment", ("working", "sick_leave", "unemployed", "retired", "disability"),
        "Work before the operation; students and people working at home count as working.",
    ),
    flag("living_alone", "Lives alone."),
    category("opioid_use", ("not_used", "intermittent", "daily"), "Opioids in the 90 days before the operation."),
    number("height_cm", "cm", (90, 250), "Standing height; files in inches say so.", plausible=(120, 220)),
    number("weight_kg", "kg", (20, 350), "Body weight; files in pounds say so.", plausible=(30, 300)),
    category(
        "race", ("american_indian", "asian", "black", "pacific_islander", "white", "mixed", "other"),
        "Race as recorded by the registry; for checks of fairness rather than for prediction.", source=NSQIP,
    ),
    category(
        "ethnicity", ("hispanic", "not_hispanic"),
        "Hispanic ethnicity; for checks of fairness rather than for prediction.", source=NSQIP,
    ),
    category(
        "functional_status", ("independent", "partially_dependent", "totally_dependent"),
        "Best self-care in the 30 days before the operation.", source=NSQIP,
    ),
    category("ambulation", ("unaided", "aid", "wheelchair"), "How the patient walks before the operation."),
    flag("born_abroad", "Was born in another country than that of the registry."),
    flag("foreign_language", "Needs another language than that of the questionnaires."),
)  # fmt: skip

HABITS = (
    number("pack_years", "pack-years", (0, 300), "Packs of cigarettes a day times years.", plausible=(0, 120)),
    flag("smoked_past_year", "Smoked cigarettes in the year before the operation.", source=NSQIP),
    number("alcohol_units_week", "units/week", (0, 300), "Alcoholic drinks in a usual week.", plausible=(0, 60)),
    number(
        "opioid_mme_day", "mg/day", (0, 1000), "Opioids before the operation as morphine equivalents per day.",
        plausible=(0, 200),
    ),
    category(
        "analgesic_use", ("not_used", "intermittent", "daily"), "Painkillers of any kind before the operation.",
        source="ICHOM low back pain set 2017",
    ),
    flag("sports_activity", "Takes part in sport regularly.", source="Azimi 2015, Clin Spine Surg 28:E161"),
)  # fmt: skip

WORK = (
    flag("manual_work", "Work is mostly manual."),
    flag("occupational_lifting", "Work includes heavy lifting.", source="Azimi 2015, Clin Spine Surg 28:E161"),
    flag("occupational_driving", "Work is mostly driving.", source="Azimi 2015, Clin Spine Surg 28:E161"),
    number(
        "sick_leave_weeks", "weeks", (0, 520), "Length of the sick leave that the operation finds the patient in.",
        plausible=(0, 104),
    ),
    flag("workers_compensation", "A claim for compensation by the employer's insurer is open."),
    flag("litigation", "A lawsuit about the spine is open."),
    flag("liability_insurance", "A claim against a liability insurer is open."),
    category(
        "insurance", ("private", "medicare", "medicaid", "public", "workers_compensation", "self_pay", "other"),
        "Who pays for the operation.",
    ),
    number(
        "area_deprivation", "decile", (1, 10), "Deprivation of the neighbourhood, 10 is the most deprived tenth.",
        source="Karhade 2021, Spine J 21:397",
    ),
    number(
        "distance_to_hospital_km", "km", (0, 20000), "From home to the hospital.", plausible=(0, 500),
        source="Karhade 2021, Spine J 21:397",
    ),
)  # fmt: skip

PROVIDER = (
    flag("teaching_hospital", "The hospital trains surgeons."),
    category("hospital_bed_size", ("small", "medium", "large"), "Size class of the hospital by its beds."),
    number(
        "hospital_volume_year", "operations/year", (0, 20000), "Spine operations of the hospital in the year before.",
        plausible=(0, 5000),
    ),
    number(
        "surgeon_volume_year", "operations/year", (0, 3000), "Spine operations of the surgeon in the year before.",
        plausible=(0, 800),
    ),
    category("surgeon_grade", ("trainee", "specialist", "consultant"), "Grade of the surgeon in charge."),
    category(
        "surgeon_specialty", ("neurosurgery", "orthopaedics", "other"), "Specialty of the surgeon in charge.",
        source=NSQIP,
    ),
    flag("elective_admission", "Came into hospital by appointment."),
    category(
        "transfer_status", ("home", "acute_care_hospital", "nursing_home", "emergency_department", "other"),
        "Where the patient came into hospital from.", source=NSQIP,
    ),
    number(
        "admission_to_operation_days", "days", (0, 365), "Nights in hospital before the operation.",
        plausible=(0, 30), source=NSQIP,
    ),
)  # fmt: skip

PATIENT = CHARACTERISTICS + HABITS + WORK + PROVIDER
