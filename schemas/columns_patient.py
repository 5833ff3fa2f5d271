"""Data dictionary: the patient and what else ails them, all known before the operation."""

from __future__ import annotations

from schemas.column import Column
from schemas.columns_identity import ALL

CHARACTERISTICS = (
    Column(
        name="age", kind="number", known_at="preop", unit="years", hard=(0, 110), plausible=(18, 95), cohorts=ALL,
        text="Age at the operation.",
    ),
    Column(
        name="sex", kind="category", known_at="preop", levels=("female", "male"), cohorts=ALL,
        text="Sex as recorded by the registry.",
    ),
    Column(
        name="bmi", kind="number", known_at="preop", unit="kg/m2", hard=(12, 75), plausible=(17, 50), cohorts=ALL,
        text="Body mass index.",
    ),
    Column(
        name="smoking", kind="category", known_at="preop", levels=("never", "former", "current"), cohorts=ALL,
        text="Smoking of tobacco; registries differ in how long ago former begins.",
    ),
    Column(
        name="education", kind="category", known_at="preop", levels=("primary", "secondary", "tertiary"),
        cohorts=ALL, text="Highest completed education.",
    ),
    Column(
        name="employment", kind="category", known_at="preop",
        levels=("working", "sick_leave", "unemployed", "retired", "disability"), cohorts=ALL,
        text="Work before the operation; students and people working at home count as working.",
    ),
    Column(
        name="living_alone", kind="flag", known_at="preop", cohorts=ALL, text="Lives alone.",
    ),
    Column(
        name="opioid_use", kind="category", known_at="preop", levels=("not_used", "intermittent", "daily"),
        cohorts=ALL, text="Opioids in the 90 days before the operation.",
    ),
)  # fmt: skip

COMORBIDITY = (
    Column(
        name="asa_class", kind="category", known_at="preop", levels=("1", "2", "3", "4", "5"), cohorts=ALL,
        text="Physical status class of the American Society of Anesthesiologists.",
        source="ASA physical status classification",
    ),
    Column(
        name="diabetes", kind="flag", known_at="preop", cohorts=ALL, text="Diabetes, treated with tablets or insulin.",
    ),
    Column(
        name="hypertension", kind="flag", known_at="preop", cohorts=ALL, text="High blood pressure on medication.",
    ),
    Column(
        name="copd", kind="flag", known_at="preop", cohorts=ALL, text="Chronic obstructive pulmonary disease.",
    ),
    Column(
        name="heart_disease", kind="flag", known_at="preop", cohorts=ALL,
        text="Coronary disease or heart failure.",
    ),
    Column(
        name="kidney_disease", kind="flag", known_at="preop", cohorts=ALL,
        text="Chronic kidney disease, with or without dialysis.",
    ),
    Column(
        name="rheumatoid_arthritis", kind="flag", known_at="preop", cohorts=ALL, text="Rheumatoid arthritis.",
    ),
    Column(
        name="osteoporosis", kind="flag", known_at="preop", cohorts=ALL, text="Osteoporosis, diagnosed or treated.",
    ),
    Column(
        name="cancer", kind="flag", known_at="preop", cohorts=ALL, text="Cancer, now or in the past five years.",
    ),
    Column(
        name="depression", kind="flag", known_at="preop", cohorts=ALL,
        text="Depression, diagnosed or treated; a questionnaire's cut-off is another definition.",
    ),
    Column(
        name="anxiety", kind="flag", known_at="preop", cohorts=ALL, text="Anxiety disorder, diagnosed or treated.",
    ),
    Column(
        name="frailty_mfi5", kind="number", known_at="preop", unit="points_of_5", hard=(0, 5), cohorts=ALL,
        text="Five-item modified frailty index, as a count.",
        source="Subramaniam 2018, J Am Coll Surg 226:173",
    ),
)  # fmt: skip
