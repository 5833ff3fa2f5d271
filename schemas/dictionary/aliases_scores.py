"""Other names of scores and of visits; a header joins the two, see `schemas.aliases`."""

from __future__ import annotations

from itertools import product

from schemas.dictionary.visits import VISITS

SCORE_ALIASES: dict[str, tuple[str, ...]] = {
    "odi": ("oswestry", "oswestry_disability_index", "ODI score", "ODI percent", "OswTot", "ODI total"),
    "ndi": ("neck_disability_index", "NDI score", "NDI percent", "NDI total"),
    "rmdq": ("roland_morris", "RMQ", "RDQ"),
    "zcq_symptom": ("ZCQ symptom severity", "ZCQ symptoms", "zurich_symptom"),
    "zcq_function": ("ZCQ physical function", "zurich_function"),
    "zcq_satisfaction": ("zurich_satisfaction",),
    "nass_pain_disability": ("NASS pain and disability",),
    "nass_neurogenic": ("NASS neurogenic symptoms",),
    "dash": ("DASH score",),
    "quickdash": ("qDASH", "QuickDASH score"),
    "nrs_back": ("SmRy", "NRS back pain", "back_pain_nrs", "NPRS back", "NRS-BP", "numeric_rating_back",
                 "back_pain_nrs_0_10", "NRS rygg", "NRS ryg", "NRS ryggsmerter"),
    "nrs_leg": ("SmBe", "NRS leg pain", "leg_pain_nrs", "NPRS leg", "NRS-LP", "numeric_rating_leg",
                "leg_pain_nrs_0_10", "NRS ben", "NRS bein", "NRS bensmerter", "NRS beinsmerter"),
    "nrs_neck": ("NRSsmerteNakke", "NRS neck pain", "neck_pain_nrs", "NPRS neck", "NRS-NP", "NRS nakke", "NRS nacke"),
    "nrs_arm": ("NRSsmerteArm", "NRS arm pain", "arm_pain_nrs", "NPRS arm", "NRS-AP"),
    "vas_back": ("VAS back pain", "back_pain_vas", "VAS-BP", "VAS rygg", "VAS ryg", "VAS ryggsmerter"),
    "vas_leg": ("VAS leg pain", "leg_pain_vas", "VAS-LP", "VAS ben", "VAS bein", "VAS bensmerter", "VAS beinsmerter"),
    "vas_neck": ("VAS neck pain", "neck_pain_vas", "VAS-NP", "VAS nakke", "VAS nacke"),
    "vas_arm": ("VAS arm pain", "arm_pain_vas", "VAS-AP"),
    "vas_numbness": ("numbness_vas",),
    "paindetect": ("painDETECT score", "PD-Q"),
    "mjoa": ("mJOA score", "mJOA total", "modified_joa"),
    "mjoa_ue_motor": ("mJOA upper extremity motor", "mJOA motor upper", "mJOA UE"),
    "mjoa_le_motor": ("mJOA lower extremity motor", "mJOA motor lower", "mJOA LE"),
    "mjoa_ue_sensory": ("mJOA upper extremity sensory", "mJOA sensory"),
    "mjoa_sphincter": ("mJOA bladder", "mJOA sphincter function"),
    "joa_cervical": ("C-JOA", "cervical JOA", "JOA-CMEQ total", "JOA 17"),
    "joa_lumbar": ("JOA 29", "lumbar JOA", "JOA low back"),
    "joa_recovery_rate": ("recovery_rate", "JOA RR", "hirabayashi"),
    "mdi": ("myelopathy_disability_index",),
    "nurick": ("nurick_grade", "nurick_score"),
    "lems": ("lower_extremity_motor_score",),
    "sf36_pf": ("SF-36 physical functioning", "SF36 physical function"),
    "sf36_rp": ("SF-36 role physical",),
    "sf36_bp": ("SF-36 bodily pain",),
    "sf36_gh": ("SF-36 general health",),
    "sf36_vt": ("SF-36 vitality",),
    "sf36_sf": ("SF-36 social functioning", "SF36 social function"),
    "sf36_re": ("SF-36 role emotional",),
    "sf36_mh": ("SF-36 mental health",),
    "sf36_pcs": ("SF-36 physical component summary", "SF36 physical component score"),
    "sf36_mcs": ("SF-36 mental component summary", "SF36 mental component score"),
    "sf12_pcs": ("SF-12 physical component summary", "SF12 physical component score"),
    "sf12_mcs": ("SF-12 mental component summary", "SF12 mental component score"),
    "sf6d": ("SF-6D utility", "SF6D index"),
    "eq5d_index": ("EQ-5D", "EQ5DV3", "Eq5DScore", "EQ-5D utility", "EQ5D3L index", "EQ5D5L index", "EQ-5D-3L",
                   "EQ-5D-5L", "euroqol"),
    "eq_vas": ("Helsetilst", "EQ5D VAS", "EuroQol VAS", "VAS health"),
    "promis_pf": ("PROMIS physical function", "PROMIS-PF T-score", "PROMIS PF T"),
    "promis_pi": ("PROMIS pain interference", "PROMIS-PI T-score", "PROMIS PI T"),
    "promis_pain_intensity": ("PROMIS pain intensity T-score", "PROMIS intensity"),
    "srs22r_total": ("SRS-22r", "SRS22", "SRS22_FULL_SCORE", "SRS22 total", "SRS22r score", "SRS total"),
    "srs22r_subscore": ("SRS22_MAIN_SCORE", "SRS22 subscore", "SRS subscore", "SRS22r subtotal"),
    "srs22r_function": ("SRS22_FUNCTION_SCORE", "SRS22 function", "SRS function", "SRS activity"),
    "srs22r_pain": ("SRS22_PAIN_SCORE", "SRS22 pain", "SRS pain"),
    "srs22r_self_image": ("SRS22_SELFIMAGE_SCORE", "SRS22 self image", "SRS self image", "SRS appearance"),
    "srs22r_mental_health": ("SRS22_MENTALHEALTH_SCORE", "SRS22 mental health", "SRS mental health", "SRS mental"),
    "srs22r_satisfaction": ("SRS22_SATISFACTION_SCORE", "SRS22 satisfaction", "SRS satisfaction"),
    "comi_back": ("COMI back score", "COMI low back", "COMI lumbar"),
    "comi_neck": ("COMI neck score", "COMI cervical"),
    "comi_pain": ("COMI pain score",),
    "comi_function": ("COMI function score",),
    "comi_wellbeing": ("COMI symptom specific well-being", "COMI SSWB"),
    "comi_qol": ("COMI quality of life", "COMI general QoL"),
    "comi_disability": ("COMI disability score",),
    "joabpeq_pain": ("JOABPEQ low back pain", "JOABPEQ pain related disorders"),
    "joabpeq_function": ("JOABPEQ lumbar function", "JOABPEQ lumbar spine dysfunction"),
    "joabpeq_walking": ("JOABPEQ walking ability", "JOABPEQ gait disturbance"),
    "joabpeq_social": ("JOABPEQ social life", "JOABPEQ social life function"),
    "joabpeq_mental": ("JOABPEQ mental health", "JOABPEQ psychological"),
    "hads_a": ("HADS anxiety", "HADS-Anx"),
    "hads_d": ("HADS depression", "HADS-Dep"),
    "phq9": ("PHQ-9 score", "PHQ-9 total"),
    "phq2": ("PHQ-2 score", "PHQ-2 total"),
    "pgic": ("patient_global_impression_of_change",),
    "gpe": ("Nytte", "global_perceived_effect", "GPE score"),
    "nass_satisfaction": ("NASS satisfaction index", "NASS PSI", "patient_satisfaction_index"),
    "satisfaction": ("Fornoyd", "patient_satisfaction", "satisfied"),
    "employment": ("work_status", "employment_status", "ArbstatusV3"),
    "opioid_use": ("opioids", "opioid"),
    "analgesic_use": ("analgesics", "painkillers", "pain_medication"),
    "visit_days": ("days_since_surgery", "days_since_operation"),
    "proximal_junctional_angle_deg": ("PJA", "proximal_junctional_angle"),
    **{f"odi_q{k:02d}": (f"ODI item {k}", f"ODI section {k}", f"oswestry_item_{k}", f"ODI q{k}") for k in range(1, 10)},
    **{f"ndi_q{k:02d}": (f"NDI item {k}", f"NDI section {k}", f"NDI q{k}") for k in range(1, 10)},
    **{f"srs22r_q{k:02d}": (f"SRS22 item {k}", f"SRS22r item {k}", f"SRS22 q{k}") for k in range(1, 10)},
    **{f"srs22r_q{k}": (f"SRS22 item {k}", f"SRS22r item {k}", f"SRS22 q{k}") for k in range(10, 23)},
    "odi_q10": ("ODI item 10", "ODI section 10", "oswestry_item_10"),
    "ndi_q10": ("NDI item 10", "NDI section 10"),
    "eq5d_mobility": ("EQ-5D item 1", "EQ-5D q1"),
    "eq5d_self_care": ("EQ-5D item 2", "EQ-5D q2"),
    "eq5d_activity": ("EQ-5D item 3", "EQ-5D q3", "EQ-5D usual activities"),
    "eq5d_discomfort": ("EQ-5D item 4", "EQ-5D q4", "EQ-5D pain"),
    "eq5d_anxiety": ("EQ-5D item 5", "EQ-5D q5", "EQ-5D depression"),
}  # fmt: skip
"""Other names of what is asked for at every visit, without the visit."""

BEFORE = (
    "pre", "preop", "pre-operative", "preoperatively", "baseline", "base", "bl", "before", "before surgery",
    "before operation", "pre surgery", "initial", "intake", "t0", "month 0", "day 0", "admission",
    "før", "före", "innan", "før operasjon", "før operasjonen", "före operation", "före operationen", "innan operation",
    "før operation",
)  # fmt: skip

YEARS = {"12m": 1, "24m": 2, "60m": 5}
LATER = ("", "post", "postop", "post-operative", "fu", "follow-up", "after")
LATER_NORTH = ("", "post", "postop", "etter", "efter")
"""Beside Danish, Norwegian and Swedish words for months, weeks and years, which stand behind their number."""


def _spell_visit(ending: str) -> tuple[str, ...]:
    """Return the words for a visit: ``3m``, ``3 months``, ``month 3``, ``fu 3m``, ``1 year post`` and so on."""
    count, unit = ending[:-1], ending[-1]
    ends = {
        "m": ("m", "mo", "mos", "mon", "mth", "mths", "month", "months"),
        "w": ("w", "wk", "wks", "week", "weeks"),
    }
    ends_north = {"m": ("mnd", "mdr", "mån", "måneder", "månader"), "w": ("uker", "uger", "veckor")}
    plain = [f"{count} {end}" for end in ends[unit]] + [f"{end} {count}" for end in ends[unit]]
    north = [f"{count} {end}" for end in ends_north[unit]]
    if ending in YEARS:
        year = YEARS[ending]
        plain += [f"{year} {end}" for end in ("y", "yr", "yrs", "year", "years")]
        plain += [f"{end} {year}" for end in ("y", "yr", "year")]
        north.append(f"{year} år")
    pairs = [*product(plain, LATER), *product(north, LATER_NORTH)]
    return tuple(dict.fromkeys(way.strip() for word, late in pairs for way in (f"{word} {late}", f"{late} {word}")))


VISIT_WORDS: dict[str, tuple[str, ...]] = {"0": BEFORE, **{ending: _spell_visit(ending) for ending, _ in VISITS}}
"""Words for each visit by the ending of its columns; ``0`` is before the operation."""
