"""Other headers that registries use for the columns of the dictionary.

`ALIASES` is for columns as they are. What is asked for at every visit has two short tables instead of thousands of
entries: `SCORE_ALIASES` says what a score is called, `VISIT_WORDS` what a visit is called, and a header may join them
either way round (``OswTot3mnd``, ``baseline ODI``). `list_aliases` puts both together. Headers are compared by
`fold_header`: without case, spaces, signs and accents.

An alias means exactly the same as its column, up to codes and units. What may mean two things (back pain without its
scale, "diabetes 1 to 3") is left out: nobody is served by a wrong guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import product

from schemas.dictionary.aliases_scores import SCORE_ALIASES, VISIT_WORDS

__all__ = ["ALIASES", "SCORE_ALIASES", "VISIT_WORDS", "fold_header", "list_aliases"]

ALIASES: dict[str, tuple[str, ...]] = {
    # who and when
    "patient": ("PatientID", "PatID", "PID", "PasientID", "subject_id", "record_id",
                "study_id", "person_id"),
    "operation": ("OperationID", "OpID", "ForlopsID", "surgery_id", "procedure_id", "CASEID", "episode_id"),
    "site": ("hospital", "hospital_id", "centre", "center", "centre_id", "center_id", "AvdRESH", "site_id", "clinic",
             "institution"),
    "surgeon": ("SurgeonID", "operating_surgeon", "primary_surgeon"),
    "region": ("health_region", "country"),
    "operation_date": ("OpDato", "surgery_date", "date_of_surgery", "OpDate", "DOS", "date_of_operation",
                       "index_surgery_date", "procedure_date", "SurgDate"),
    "year": ("operation_year", "surgery_year", "OPERYR", "year_of_surgery", "OpYear"),
    "birth_date": ("date_of_birth", "DOB", "birthday", "Fodselsdato"),
    "admission_date": ("date_of_admission", "AdmDate", "admit_date"),
    "discharge_date": ("date_of_discharge", "DischDate", "UtskrDato"),
    "death_date": ("date_of_death", "deceased_date"),
    "last_seen_date": ("last_follow_up_date", "date_of_last_follow_up", "last_contact_date", "censor_date"),
    "return_to_work_date": ("RTW date", "rtw_dt"),
    "baseline_date": ("baseline_prom_date", "preop_questionnaire_date"),
    "admission_year": ("ADMYR",),
    "admission_quarter": ("ADMQTR",),
    # the patient
    "age": ("age_years", "AlderVedOpr", "age_at_surgery", "age_at_operation", "patient_age", "Alder"),
    "sex": ("gender", "Kjonn", "sex_at_birth", "biological_sex"),
    "bmi": ("body_mass_index", "BMI kg/m2", "KMI"),
    "height_cm": ("height", "body_height", "Hoyde", "stature"),
    "weight_kg": ("weight", "body_weight", "Vekt", "mass_kg"),
    "race": ("RACE_NEW", "racial_group"),
    "ethnicity": ("ETHNICITY_HISPANIC", "hispanic", "ethnic_group"),
    "education": ("education_level", "highest_education", "Utd", "schooling"),
    "employment": ("work_status", "employment_status", "ArbstatusPreV3", "occupation_status"),
    "opioid_use": ("preop_opioids", "opioid_status"),
    "living_alone": ("lives_alone", "HOMESUP", "living_situation_alone"),
    "smoking": ("smoker", "smoking_status", "tobacco_use", "RokerV3", "tobacco", "current_smoker"),
    "smoked_past_year": ("SMOKE", "smoked_within_one_year"),
    "pack_years": ("smoking_pack_years",),
    "alcohol_units_week": ("alcohol", "alcohol_units", "units_of_alcohol"),
    "opioid_mme_day": ("MME", "morphine_equivalents", "oral_morphine_equivalents", "MME/day"),
    "functional_status": ("FNSTATUS2", "functional_health_status"),
    "ambulation": ("ambulatory_status", "walking_status", "walking_aid"),
    "manual_work": ("manual_labour", "manual_labor", "heavy_work"),
    "sick_leave_weeks": ("sick_leave_duration", "weeks_on_sick_leave"),
    "workers_compensation": ("workers_comp", "work_comp", "WC claim", "compensation_claim"),
    "litigation": ("legal_claim", "lawsuit"),
    "insurance": ("payer", "insurance_type", "payor", "primary_insurance"),
    "area_deprivation": ("ADI", "area_deprivation_index", "IMD decile"),
    "surgeon_specialty": ("SURGSPEC", "specialty"),
    "transfer_status": ("TRANST", "admission_source"),
    "inpatient": ("INOUT", "inpatient_status"),
    "admission_to_operation_days": ("HTOODAY", "days_to_surgery"),
    # health
    "asa_class": ("ASA", "ASACLAS", "ASA score", "ASA grade", "ASA physical status", "ASA status"),
    "diabetes": ("diabetes_mellitus", "DM"),
    "diabetes_treatment": ("diabetes_type_of_treatment", "diabetes_medication"),
    "hypertension": ("HTN", "HYPERMED", "high_blood_pressure"),
    "copd": ("HXCOPD", "chronic_lung_disease", "chronic_obstructive_pulmonary_disease"),
    "heart_failure": ("CHF", "HXCHF", "congestive_heart_failure"),
    "coronary_disease": ("CAD", "coronary_artery_disease", "ischaemic_heart_disease", "ischemic_heart_disease"),
    "heart_disease": ("cardiac_disease", "cardiac_comorbidity"),
    "kidney_disease": ("CKD", "chronic_kidney_disease", "renal_disease"),
    "rheumatoid_arthritis": ("RA",),
    "osteoporosis": ("osteoporotic",),
    "cancer": ("malignancy", "cancer_history"),
    "depression": ("depressive_disorder", "depression_diagnosis"),
    "anxiety": ("anxiety_disorder", "anxiety_diagnosis"),
    "frailty_mfi5": ("mFI-5", "modified_frailty_index_5", "five_item_frailty_index"),
    "prior_mi": ("myocardial_infarction_history", "previous_mi", "history_of_mi"),
    "peripheral_vascular_disease": ("PVD", "peripheral_arterial_disease", "PAD"),
    "cerebrovascular_disease": ("stroke_history", "history_of_stroke", "prior_stroke", "TIA or stroke"),
    "dementia": ("HXDEMENTIA", "cognitive_impairment"),
    "connective_tissue_disease": ("CTD", "rheumatological_disease"),
    "peptic_ulcer": ("PUD", "peptic_ulcer_disease", "gastric_ulcer"),
    "mild_liver_disease": ("liver_disease_mild",),
    "severe_liver_disease": ("liver_disease_severe", "moderate_or_severe_liver_disease"),
    "diabetes_complicated": ("diabetes_with_end_organ_damage", "diabetes_with_complications"),
    "hemiplegia": ("hemiplegia_or_paraplegia", "paraplegia", "hemiparesis"),
    "leukaemia": ("leukemia",),
    "lymphoma": ("lymphoma_or_myeloma",),
    "metastatic_cancer": ("metastatic_solid_tumour", "metastatic_solid_tumor", "metastases"),
    "aids": ("HIV_AIDS", "AIDS_HIV"),
    "dialysis": ("DIALYSIS_CURRENT", "haemodialysis", "hemodialysis"),
    "acute_renal_failure_pre": ("RENAFAIL",),
    "disseminated_cancer": ("DISCANCR",),
    "bleeding_disorder": ("BLEEDDIS", "BLEEDIS", "coagulopathy"),
    "steroid_use": ("STEROID", "steroids", "chronic_steroid_use"),
    "immunosuppressant": ("IMMUNO_CAT",),
    "dyspnea": ("dyspnoea", "shortness_of_breath"),
    "ventilator_pre": ("VENTILAT", "ventilator_dependent"),
    "oxygen_support_pre": ("OXYGEN_SUPPORT", "home_oxygen"),
    "ascites": ("ascites_present",),
    "weight_loss_10pct": ("WTLOSS", "weight_loss"),
    "sepsis_pre": ("PRSEPIS", "preop_sepsis"),
    "open_wound": ("WNDINF", "open_wound_preop"),
    "transfusion_pre": ("TRANSFUS", "preop_transfusion"),
    "covid_pre": ("PREOP_COVID",),
    "fall_past_6_months": ("HXFALL", "falls"),
    "asthma": ("bronchial_asthma",),
    "hypothyroidism": ("hypothyroid",),
    "sleep_apnoea": ("sleep_apnea", "OSA", "obstructive_sleep_apnea"),
    "prior_vte": ("history_of_vte", "previous_dvt_or_pe"),
    "charlson_index": ("CCI", "charlson", "charlson_comorbidity_index", "charlson_score"),
    "charlson_index_age": ("age_adjusted_charlson", "ACCI", "age_adjusted_cci"),
    "charlson_index_quan": ("quan_charlson", "charlson_quan"),
    "elixhauser_count": ("elixhauser", "elixhauser_score"),
    "asd_frailty_index": ("ASD-FI",),
    "catastrophising": ("pain_catastrophizing_scale", "catastrophizing", "PCS_catastrophising", "pain_catastrophising"),
    "fear_avoidance": ("FABQ", "fear_avoidance_beliefs"),
    "fear_avoidance_work": ("FABQ-W", "FABQ work"),
    "fear_avoidance_activity": ("FABQ-PA", "FABQ physical activity"),
    "kinesiophobia": ("TSK", "tampa_scale", "tampa"),
    "pain_self_efficacy": ("PSEQ", "pain_self_efficacy_questionnaire"),
    "zung_depression": ("zung", "SDS zung", "zung_sds"),
    # blood
    "albumin_g_dl": ("albumin", "PRALBUM", "serum_albumin"),
    "haematocrit_percent": ("haematocrit", "hematocrit", "PRHCT", "HCT"),
    "creatinine_mg_dl": ("creatinine", "PRCREAT", "serum_creatinine"),
    "wbc_1e3_ul": ("WBC", "PRWBC", "white_cell_count", "leukocytes", "white_blood_cells"),
    "platelets_1e3_ul": ("platelets", "PRPLATE", "platelet_count", "PLT"),
    "inr": ("PRINR", "international_normalized_ratio"),
    "sodium_mmol_l": ("sodium", "PRSODM", "serum_sodium"),
    "bun_mg_dl": ("BUN", "PRBUN", "blood_urea_nitrogen"),
    "hba1c_percent": ("HbA1c", "HEMO", "hemoglobin_a1c", "A1C"),
    "bilirubin_mg_dl": ("bilirubin", "PRBILI", "total_bilirubin"),
    "sgot_u_l": ("SGOT", "PRSGOT", "AST"),
    "alk_phos_u_l": ("alkaline_phosphatase", "PRALKPH", "ALP", "alk_phos"),
    "ptt_s": ("PTT", "PRPTT", "aPTT"),
    "pt_s": ("PRPT", "prothrombin_time"),
    "haemoglobin_g_dl": ("haemoglobin", "hemoglobin", "Hb", "PRHEMOGLOBIN"),
    "crp_mg_l": ("CRP", "c_reactive_protein"),
    "albumin_days_before": ("DPRALBUM",),
    "haematocrit_days_before": ("DPRHCT",),
    "creatinine_days_before": ("DPRCREAT",),
    "wbc_days_before": ("DPRWBC",),
    "platelets_days_before": ("DPRPLATE",),
    "inr_days_before": ("DPRINR",),
    "sodium_days_before": ("DPRNA", "DPRSODM"),
    "bun_days_before": ("DPRBUN",),
    "hba1c_days_before": ("DHEMO",),
    "bilirubin_days_before": ("DPRBILI",),
    "sgot_days_before": ("DPRSGOT",),
    "alk_phos_days_before": ("DPRALKPH",),
    "ptt_days_before": ("DPRPTT",),
    "pt_days_before": ("DPRPT",),
    "haemoglobin_days_before": ("DPRHEMOGLOBIN",),
    # symptoms, signs, images
    "symptom_duration_months": ("symptom_duration", "duration_of_symptoms", "duration_months"),
    "back_pain_duration_months": ("back_pain_duration", "duration_back_pain"),
    "leg_pain_duration_months": ("leg_pain_duration", "duration_leg_pain"),
    "neck_pain_duration_months": ("neck_pain_duration", "duration_neck_pain"),
    "arm_pain_duration_months": ("arm_pain_duration", "duration_arm_pain"),
    "previous_spine_surgery": ("prior_spine_surgery", "previous_surgery", "prior_surgery", "previous_operation"),
    "n_previous_operations": ("TidlOprAntall", "number_of_previous_surgeries", "number_of_prior_surgeries"),
    "same_level_surgery": ("previous_surgery_same_level", "prior_same_level_surgery"),
    "previous_fusion": ("prior_fusion",),
    "motor_deficit": ("weakness", "motor_weakness", "paresis"),
    "sensory_deficit": ("sensory_loss", "numbness_exam"),
    "urgent_operation": ("EMERGNCY", "emergency_operation", "emergency_surgery", "acute_operation"),
    "urgency": ("CASETYPE", "indication_urgency"),
    "revision": ("revision_surgery", "revision_operation"),
    "cauda_equina": ("cauda_equina_syndrome", "CES"),
    "gait_impairment": ("gait_disturbance", "impaired_gait"),
    "hoffmann_sign": ("hoffmann", "hoffman_sign"),
    "babinski_sign": ("babinski",),
    "hyperreflexia": ("brisk_reflexes",),
    "diagnosis": ("main_diagnosis", "primary_diagnosis", "lumbar_diagnosis", "indication"),
    "pathology": ("main_pathology", "pathology_type"),
    "mrc_grade": ("MRC", "muscle_strength_mrc"),
    "grip_strength_kg": ("grip_strength", "hand_grip_strength"),
    "modic_change": ("modic", "modic_changes"),
    "pfirrmann_grade": ("pfirrmann", "disc_degeneration_grade"),
    "herniation_type": ("type_of_herniation", "disc_herniation_type"),
    "facet_tropism_deg": ("facet_tropism",),
    "facet_orientation_deg": ("facet_orientation", "facet_joint_orientation"),
    "disc_height_index": ("DHI",),
    "sagittal_rom_deg": ("sROM", "sagittal_range_of_motion"),
    "canal_area_mm2": ("dural_sac_area", "DSCA", "canal_area"),
    "meyerding_grade": ("meyerding", "spondylolisthesis_grade"),
    "slip_percent": ("slip", "slip_percentage"),
    "cord_signal_change": ("myelomalacia", "T2 hyperintensity", "cord_signal"),
    "coronal_cobb_deg": ("cobb_angle", "cobb", "max_cobb", "PRE_MAIN_CURVE", "major_cobb"),
    "sva_mm": ("SVA", "sagittal_vertical_axis", "C7 SVA"),
    "pelvic_incidence_deg": ("pelvic_incidence", "PI degrees"),
    "lumbar_lordosis_deg": ("lumbar_lordosis", "LL", "L1-S1 lordosis"),
    "pi_ll_mismatch_deg": ("PI-LL", "PI minus LL"),
    "pelvic_tilt_deg": ("pelvic_tilt",),
    "sacral_slope_deg": ("sacral_slope",),
    "thoracic_kyphosis_deg": ("thoracic_kyphosis", "TK", "T4-T12 kyphosis"),
    "tpa_deg": ("TPA", "T1 pelvic angle"),
    "c2c7_lordosis_deg": ("cervical_lordosis", "C2-C7 lordosis"),
    "c2c7_sva_mm": ("cSVA", "C2-C7 SVA"),
    "t1_slope_deg": ("T1 slope", "T1S"),
    "lenke_type": ("lenke", "lenke_curve_type"),
    "t_score": ("DXA T-score", "bone_density_t_score", "DEXA"),
    "hounsfield_units": ("HU", "vertebral_hu"),
    # the operation
    "planned_procedure": ("booked_procedure",),
    "planned_approach": ("booked_approach",),
    "n_levels_planned": ("number_of_levels", "n_levels", "levels_operated", "num_levels", "number_levels"),
    "upper_level": ("highest_level", "cranial_level"),
    "lower_level": ("lowest_level", "caudal_level"),
    "upper_vertebra": ("UIV", "upper_instrumented_vertebra"),
    "lower_vertebra": ("LIV", "lowest_instrumented_vertebra", "lower_instrumented_vertebra"),
    "operative_minutes": ("OPTIME", "operation_time", "operative_time", "surgery_duration",
                          "skin_to_skin_minutes", "duration_of_surgery"),
    "blood_loss_ml": ("EBL", "blood_loss", "estimated_blood_loss"),
    "dural_tear": ("PeropKompDura", "durotomy", "incidental_durotomy", "dural_injury", "dural_lesion"),
    "anesthesia_type": ("ANESTHES", "anaesthesia", "anesthesia", "anaesthesia_type"),
    "wound_class": ("WNDCLAS", "wound_classification"),
    "work_rvu": ("RVU",),
    "robot_used": ("robotic_assistance",),
    "length_of_stay_days": ("LOS", "length_of_stay", "DOPTODIS", "Liggedogn", "postoperative_los", "hospital_days"),
    "total_stay_days": ("TOTHLOS", "total_length_of_stay"),
    "discharge_destination": ("DISCHDEST", "discharge_disposition", "discharged_to", "disposition"),
    "discharge_functional_status": ("DISFXNSTAT",),
    "discharge_home_services": ("DISHOMESVC",),
    "delirium": ("postoperative_delirium",),
    "icu_admission": ("ICU", "ICU stay", "intensive_care"),
    "cpt_code": ("CPT", "primary_cpt", "principal_cpt"),
    "other_cpt_codes": ("secondary_cpts",),
    "diagnosis_code": ("PODIAG10", "icd10", "icd10_code", "ICD-10-CM"),
    # afterwards
    "readmission_30d": ("readmission", "readmitted_30d", "UNPLANNEDREADMISSION1", "30-day readmission"),
    "reoperation_30d": ("REOPERATION1", "reoperation_within_30_days", "30-day reoperation"),
    "returned_to_theatre_30d": ("RETURNOR", "return_to_or"),
    "death_30d": ("mortality_30d", "30-day mortality", "died_within_30_days"),
    "reoperation_90d": ("Reopr90d", "90-day reoperation"),
    "readmission_90d": ("90-day readmission",),
    "death_90d": ("mortality_90d", "90-day mortality"),
    "superficial_ssi_30d": ("SUPINFEC", "superficial_ssi"),
    "deep_ssi_30d": ("WNDINFD", "deep_ssi"),
    "organ_space_ssi_30d": ("ORGSPCSSI", "organ_space_ssi"),
    "wound_disruption_30d": ("DEHIS", "wound_dehiscence"),
    "pneumonia_30d": ("OUPNEUMO",),
    "unplanned_intubation_30d": ("REINTUB", "reintubation"),
    "ventilator_over_48h_30d": ("FAILWEAN", "failure_to_wean"),
    "pulmonary_embolism_30d": ("PULEMBOL",),
    "deep_vein_thrombosis_30d": ("OTHDVT",),
    "progressive_renal_insufficiency_30d": ("RENAINSF",),
    "acute_renal_failure_30d": ("OPRENAFL",),
    "urinary_tract_infection_30d": ("URNINFEC", "UTI", "urinary_tract_infection"),
    "stroke_30d": ("CNSCVA", "stroke_cva"),
    "cardiac_arrest_30d": ("CDARREST",),
    "myocardial_infarction_30d": ("CDMI",),
    "transfusion_30d": ("OTHBLEED",),
    "septic_shock_30d": ("OTHSESHOCK",),
    "clostridium_difficile_30d": ("OTHCDIFF", "c_diff"),
    "venous_thromboembolism_30d": ("VTE", "venous_thromboembolism"),
    "surgical_site_infection_30d": ("SSI", "surgical_site_infection"),
    "covid_30d": ("POSTOP_COVID",),
    "still_in_hospital_30d": ("STILLINHOSP",),
    "end_of_life_care_30d": ("EOL_WDCARE",),
    "transfused_units": ("BLEED_UNITS_TOT", "units_transfused"),
    "readmission_days": ("READMPODAYS1", "days_to_readmission"),
    "reoperation_days": ("days_to_reoperation", "time_to_reoperation"),
    "reherniation_days": ("days_to_reherniation", "time_to_recurrence"),
    "death_days": ("DOPERTOD", "days_to_death"),
    "follow_up_days": ("days_of_follow_up", "followup_time_days"),
    "predicted_mortality": ("MORTPROB",),
    "predicted_morbidity": ("MORBPROB",),
    "wound_infection_superficial_3m": ("KpInfOverfla3mnd",),
    "wound_infection_deep_3m": ("KpInfDyp3mnd",),
    "dysphagia_3m": ("KomplSvelging3mnd",),
    "voice_problem_3m": ("KomplStemme3mnd",),
    "return_to_work": ("RTW", "returned_to_work"),
    "return_to_work_days": ("days_to_return_to_work", "time_to_rtw"),
    "clavien_dindo": ("clavien", "clavien_dindo_grade"),
    "pjk": ("proximal_junctional_kyphosis",),
    "pjf": ("proximal_junctional_failure",),
    "pseudarthrosis": ("nonunion", "pseudoarthrosis"),
    "c5_palsy": ("c5_nerve_palsy",),
    "new_neurological_deficit": ("neurological_deficit_postop", "new_neuro_deficit"),
    # scores whose headers join score and visit in an order of their own
    "eq5d_index_3m": ("EQ5D3mndV3",),
}  # fmt: skip


def fold_header(header: str) -> str:
    """Return a header as it is compared: letters and digits only, small, without accents.

    Examples
    --------
    >>> fold_header("ODI (12 months)")
    'odi12months'
    """
    plain = unicodedata.normalize("NFKD", header.replace("ø", "o").replace("Ø", "O"))
    return re.sub("[^a-z0-9]", "", plain.casefold())


def list_aliases(name: str) -> tuple[str, ...]:
    """Return the other headers of a column, the column's own name not among them.

    Parameters
    ----------
    name
        Canonical name of a column of the dictionary.

    Returns
    -------
    tuple of str
        Those of `ALIASES`, then, for what is asked for at every visit, each name of the score with each word for the
        visit, before it and behind it.

    Examples
    --------
    >>> "baseline Oswestry" in [alias.replace("oswestry", "Oswestry") for alias in list_aliases("odi_0")]
    True
    """
    own = {fold_header(name): name}
    for header in (*ALIASES.get(name, ()), *_join_visit(name)):
        own.setdefault(fold_header(header), header)
    return tuple(own.values())[1:]


def _join_visit(name: str) -> Iterator[str]:
    stem, _, ending = name.rpartition("_")
    if stem in SCORE_ALIASES and ending in VISIT_WORDS:
        for score, visit in product((stem, *SCORE_ALIASES[stem]), VISIT_WORDS[ending]):
            yield f"{score} {visit}"
            yield f"{visit} {score}"
