"""Data dictionary: what else ails the patient, the indices made of it, and the mind; all before the operation."""

from __future__ import annotations

from schemas.dictionary.common import BACK, NECK, TRUNK, category, flag, number

NSQIP = "ACS NSQIP participant use file"
CHARLSON = "Charlson 1987, J Chronic Dis 40:373"

COMORBIDITY = (
    category(
        "asa_class", ("1", "2", "3", "4", "5"), "Physical status class of the American Society of Anesthesiologists.",
        source="ASA physical status classification",
    ),
    flag("diabetes", "Diabetes, treated with tablets or insulin."),
    flag("hypertension", "High blood pressure on medication."),
    flag("copd", "Chronic obstructive pulmonary disease."),
    flag("heart_disease", "Coronary disease or heart failure."),
    flag("kidney_disease", "Chronic kidney disease of any degree, with or without dialysis."),
    flag("rheumatoid_arthritis", "Rheumatoid arthritis."),
    flag("osteoporosis", "Osteoporosis, diagnosed or treated."),
    flag("cancer", "Cancer, now or in the past five years."),
    flag("depression", "Depression, diagnosed or treated; a questionnaire's cut-off is another definition."),
    flag("anxiety", "Anxiety disorder, diagnosed or treated."),
    number(
        "frailty_mfi5", "points_of_5", (0, 5), "Five-item modified frailty index, as a count.",
        source="Subramaniam 2018, J Am Coll Surg 226:173",
    ),
)  # fmt: skip

CHARLSON_ITEMS = (
    flag("prior_mi", "Myocardial infarction at any time before.", source=CHARLSON),
    flag("heart_failure", "Congestive heart failure; some registries count only the last 30 days.", source=CHARLSON),
    flag("peripheral_vascular_disease", "Narrowed leg arteries, aortic aneurysm or surgery for them.", source=CHARLSON),
    flag("cerebrovascular_disease", "Stroke or transient ischaemic attack at any time before.", source=CHARLSON),
    flag("dementia", "Dementia or lasting cognitive loss.", source=CHARLSON),
    flag("connective_tissue_disease", "Lupus, rheumatoid arthritis, polymyositis or the like.", source=CHARLSON),
    flag("peptic_ulcer", "Ulcer of the stomach or duodenum, treated at any time.", source=CHARLSON),
    flag("mild_liver_disease", "Chronic hepatitis or cirrhosis without portal hypertension.", source=CHARLSON),
    flag("severe_liver_disease", "Cirrhosis with portal hypertension.", source=CHARLSON),
    flag("diabetes_complicated", "Diabetes with damage to eyes, nerves or kidneys.", source=CHARLSON),
    flag("hemiplegia", "Hemiplegia or paraplegia of any cause.", source=CHARLSON),
    flag("moderate_severe_kidney_disease", "Moderate or severe chronic kidney disease, or dialysis; a mild one is no.",
         source=CHARLSON),
    flag("leukaemia", "Leukaemia or polycythaemia vera.", source=CHARLSON),
    flag("lymphoma", "Lymphoma or myeloma.", source=CHARLSON),
    flag("metastatic_cancer", "Solid tumour with metastases.", source=CHARLSON),
    flag("aids", "Acquired immunodeficiency syndrome, not infection alone.", source=CHARLSON),
)  # fmt: skip

FURTHER = (
    category(
        "diabetes_treatment", ("no_diabetes", "oral", "insulin"),
        "Strongest treatment of diabetes; oral includes injections other than insulin.", source=NSQIP,
    ),
    flag("coronary_disease", "Coronary artery disease."),
    flag("angina", "Angina in the month before."),
    flag("asthma", "Asthma."),
    flag("hypothyroidism", "Underactive thyroid, treated or not."),
    flag("liver_disease", "Liver disease of any degree."),
    flag("dialysis", "On dialysis in the two weeks before.", source=NSQIP),
    flag("acute_renal_failure_pre", "Acute renal failure in the day before.", source=NSQIP),
    flag("disseminated_cancer", "Cancer that has spread, as the surgical programme defines it.", source=NSQIP),
    flag("bleeding_disorder", "Bleeding disorder, or anticoagulation that was not stopped.", source=NSQIP),
    flag("steroid_use", "Steroids or other immunosuppressants by mouth or vein in the 30 days before.", source=NSQIP),
    category(
        "immunosuppressant", ("corticosteroid", "anti_rejection", "synthetic", "antibody", "other"),
        "Kind of immunosuppressing treatment; missing where there is no such treatment.", source=NSQIP,
    ),
    category(
        "dyspnea", ("no_dyspnea", "moderate_exertion", "at_rest"), "Shortness of breath before the operation.",
        source=NSQIP,
    ),
    flag("ventilator_pre", "On a ventilator in the two days before.", source=NSQIP),
    flag("oxygen_support_pre", "Needs oxygen before the operation.", source=NSQIP),
    flag("ascites", "Fluid in the abdomen from liver disease.", source=NSQIP),
    flag("weight_loss_10pct", "Lost more than a tenth of body weight in six months without trying.", source=NSQIP),
    category(
        "sepsis_pre", ("no_sepsis", "sirs", "sepsis", "septic_shock"), "Sepsis in the two days before.", source=NSQIP,
    ),
    flag("open_wound", "Open wound before the operation, infected or not.", source=NSQIP),
    flag("transfusion_pre", "Red cells transfused in the three days before.", source=NSQIP),
    flag("covid_pre", "COVID-19 in the two weeks before.", source=NSQIP),
    flag("fall_past_6_months", "Fell in the six months before.", source=NSQIP),
    flag("pneumonia_history", "Pneumonia at any time before."),
    flag("prior_vte", "Deep vein thrombosis or pulmonary embolism at any time before."),
    flag("history_concussion", "Concussion at any time before."),
    flag("neurological_disease", "Disease of the nervous system other than that of the spine."),
    flag("fibromyalgia", "Fibromyalgia or widespread pain."),
    flag("sleep_apnoea", "Obstructive sleep apnoea."),
    flag("vertebral_fracture_history", "A vertebral fracture at any time before.", cohorts=BACK),
)  # fmt: skip

INDICES = (
    number(
        "charlson_index", "points", (0, 37), "Charlson comorbidity index with the weights of 1987, without age.",
        plausible=(0, 15), source=CHARLSON,
    ),
    number(
        "charlson_index_quan", "points", (0, 24), "Charlson comorbidity index with the weights of 2011, without age.",
        plausible=(0, 15), source="Quan 2011, Am J Epidemiol 173:676",
    ),
    number(
        "charlson_index_age", "points", (0, 41), "Charlson index of 1987 with a point per decade of age from 50, at "
        "most 4.", plausible=(0, 18), source="Charlson 1994, J Clin Epidemiol 47:1245",
    ),
    number("elixhauser_count", "conditions", (0, 31), "Number of conditions on Elixhauser's list.",
           plausible=(0, 15), source="Elixhauser 1998, Med Care 36:8"),
    number("asd_frailty_index", "fraction", (0, 1), "Frailty index for adult spinal deformity, share of deficits.",
           cohorts=TRUNK, source="Miller 2017, World Neurosurg 106:1"),
)  # fmt: skip

MIND = (
    number("catastrophising", "points_of_52", (0, 52), "Pain Catastrophising Scale, higher is worse.",
           source="Sullivan 1995, Psychol Assess 7:524"),
    number("fear_avoidance", "points_of_96", (0, 96), "Fear-Avoidance Beliefs Questionnaire, higher is worse.",
           source="Waddell 1993, Pain 52:157"),
    number("fear_avoidance_work", "points_of_42", (0, 42), "Fear-Avoidance Beliefs Questionnaire, work scale, "
           "higher is worse.",
           source="Waddell 1993, Pain 52:157"),
    number("fear_avoidance_activity", "points_of_24", (0, 24), "Fear-Avoidance Beliefs Questionnaire, physical "
           "activity scale, higher is worse.",
           source="Waddell 1993, Pain 52:157"),
    number("kinesiophobia", "points_of_68", (17, 68), "Tampa Scale for Kinesiophobia, higher is worse.",
           source="Vlaeyen 1995, Pain 62:363"),
    number("self_efficacy", "points_of_200", (0, 200), "Self-efficacy for twenty daily activities, higher is better.",
           cohorts=NECK, source="Liew 2020, Sci Rep 10:16782"),
    number("pain_self_efficacy", "points_of_60", (0, 60), "Pain Self-Efficacy Questionnaire, higher is better.",
           source="Nicholas 2007, Eur J Pain 11:153"),
    number("zung_depression", "points_of_80", (20, 80), "Zung Self-Rating Depression Scale, higher is worse.",
           source="Zung 1965, Arch Gen Psychiatry 12:63"),
    category("expect_exercise", ("not_expected", "unsure", "expected"),
             "Whether the patient expects to exercise again."),
    category("expect_pain_relief", ("not_expected", "some", "much", "complete"),
             "How much pain relief the patient expects."),
    category("expect_rtw", ("not_expected", "unsure", "expected"), "Whether the patient expects to return to work."),
)  # fmt: skip

APPRAISAL = tuple(
    number(f"appraisal_{item:02d}", "points", (0, 10), f"Item {item} of 22 on how the patient appraises their health, "
           "as recorded.", source="Finkelstein 2021, J Neurosurg Spine 35:127")
    for item in range(1, 23)
)  # fmt: skip

HEALTH = COMORBIDITY + CHARLSON_ITEMS + FURTHER + INDICES + MIND + APPRAISAL
