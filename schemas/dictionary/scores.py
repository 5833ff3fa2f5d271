"""Data dictionary: the scores of patients and clinicians; each text says which way is better, where that is known."""

from __future__ import annotations

from schemas.dictionary.common import ALL, BACK, LUMBAR, NECK, TRUNK
from schemas.dictionary.visits import Score
from schemas.sources_of_scores import (
    ASHER,
    BEATON,
    BENZEL,
    BRAZIER,
    CASEY,
    CELLA,
    DALTROY,
    DOLAN,
    EUROQOL,
    FAIRBANK,
    FREYNHAGEN,
    FUKUI,
    GUY,
    HIRABAYASHI,
    HUDAK,
    HUSKISSON,
    IZUMIDA,
    JENSEN,
    KAMPER,
    KROENKE_2001,
    KROENKE_2003,
    LENKE,
    MANNION,
    NURICK,
    RIGOARD,
    ROLAND,
    STUCKI,
    VERNON,
    WARE_1992,
    WARE_1994,
    WARE_1996,
    YAGI,
    YONENOBU,
    ZIGMOND,
)

DISABILITY = (
    Score(name="odi", unit="percent", hard=(0, 100), cohorts=BACK, source=FAIRBANK,
          text="Oswestry Disability Index, 0 to 100 percent (not the raw 0 to 50), lower is better"),
    Score(name="ndi", unit="percent", hard=(0, 100), cohorts=NECK,
          source=VERNON,
          text="Neck Disability Index, 0 to 100 percent (not the raw 0 to 50), lower is better"),
    Score(name="rmdq", unit="points_of_24", hard=(0, 24), cohorts=BACK, source=ROLAND,
          text="Roland-Morris Disability Questionnaire, 24 statements, lower is better"),
    Score(name="zcq_symptom", unit="points_of_5", hard=(1, 5), cohorts=LUMBAR, source=STUCKI,
          text="Zurich Claudication Questionnaire, symptoms, lower is better"),
    Score(name="zcq_function", unit="points_of_4", hard=(1, 4), cohorts=LUMBAR, source=STUCKI,
          text="Zurich Claudication Questionnaire, function, lower is better"),
    Score(name="nass_pain_disability", unit="points_of_100", hard=(0, 100), cohorts=("lumbar", "cervical"),
          source=DALTROY,
          text="North American Spine Society instrument, pain and disability, brought to 0 to 100, lower is better"),
    Score(name="nass_neurogenic", unit="points_of_100", hard=(0, 100), cohorts=("lumbar", "cervical"),
          source=DALTROY,
          text="North American Spine Society instrument, neurogenic symptoms, brought to 0 to 100, lower is better"),
    Score(name="dash", unit="points_of_100", hard=(0, 100), cohorts=NECK, source=HUDAK,
          text="Disabilities of the Arm, Shoulder and Hand, lower is better"),
    Score(name="quickdash", unit="points_of_100", hard=(0, 100), cohorts=NECK,
          source=BEATON,
          text="Short form of the Disabilities of the Arm, Shoulder and Hand, lower is better"),
)  # fmt: skip

REGIONS = (("back", "Back pain", BACK), ("leg", "Leg pain", BACK), ("neck", "Neck pain", NECK),
           ("arm", "Arm pain", NECK))  # fmt: skip

PAIN = (
    *(
        Score(name=f"nrs_{region}", unit="points_of_10", hard=(0, 10), cohorts=cohorts, source=JENSEN,
              text=f"{word}, numeric rating scale 0 to 10, lower is better")
        for region, word, cohorts in REGIONS
    ),
    *(
        Score(name=f"vas_{region}", unit="mm_of_100", hard=(0, 100), cohorts=cohorts, source=HUSKISSON,
              text=f"{word}, visual analogue scale 0 to 100 mm, lower is better")
        for region, word, cohorts in REGIONS
    ),
    Score(name="vas_numbness", unit="mm_of_100", hard=(0, 100), cohorts=ALL, source=YAGI,
          text="Numbness, visual analogue scale 0 to 100 mm, lower is better"),
    Score(name="paindetect", unit="points", hard=(-1, 38), cohorts=ALL,
          source=FREYNHAGEN,
          text="The painDETECT questionnaire, higher is more likely nerve pain"),
)  # fmt: skip

MYELOPATHY = (
    Score(name="mjoa", unit="points_of_18", hard=(0, 18), cohorts=NECK, source=BENZEL,
          text="Modified Japanese Orthopaedic Association score, 18-point version, higher is better"),
    Score(name="mjoa_ue_motor", unit="points_of_5", hard=(0, 5), cohorts=NECK, source=BENZEL,
          text="Movement of the hands in the 18-point mJOA, 0 to 5, higher is better"),
    Score(name="mjoa_le_motor", unit="points_of_7", hard=(0, 7), cohorts=NECK, source=BENZEL,
          text="Movement of the legs in the 18-point mJOA, 0 to 7, higher is better"),
    Score(name="mjoa_ue_sensory", unit="points_of_3", hard=(0, 3), cohorts=NECK, source=BENZEL,
          text="Feeling of the hands in the 18-point mJOA, 0 to 3, higher is better"),
    Score(name="mjoa_sphincter", unit="points_of_3", hard=(0, 3), cohorts=NECK, source=BENZEL,
          text="Bladder in the 18-point mJOA, 0 to 3, higher is better"),
    Score(name="joa_cervical", unit="points_of_17", hard=(0, 17), cohorts=NECK,
          source=YONENOBU,
          text="Japanese Orthopaedic Association score of the neck, 17 points, half points in use, higher is better"),
    Score(name="joa_lumbar", unit="points_of_29", hard=(-6, 29), cohorts=LUMBAR,
          source=IZUMIDA,
          text="Japanese Orthopaedic Association score of the low back, -6 to 29, higher is better"),
    Score(name="joa_recovery_rate", unit="percent", hard=(-3500, 100), plausible=(-100, 100),
          cohorts=("lumbar", "cervical"), before=False, source=HIRABAYASHI,
          text="Recovery rate of the Japanese score: gain over the gain that was possible, higher is better"),
    *(
        Score(name=f"{name}_recovery_rate", unit="percent", hard=(-3500, 100), plausible=(-100, 100), cohorts=cohorts,
              before=False, source=HIRABAYASHI,
              text=f"Recovery rate of the {words}: gain over the gain that was possible, higher is better")
        for name, words, cohorts in (
            ("joa_cervical", "Japanese score of the neck, of 17 points", NECK), ("mjoa", "mJOA, of 18 points", NECK),
            ("joa_lumbar", "Japanese score of the low back, of 29 points", LUMBAR),
        )
    ),
    Score(name="mdi", unit="points_of_30", hard=(0, 30), cohorts=NECK, source=CASEY,
          text="Myelopathy Disability Index, lower is better"),
    Score(name="nurick", unit="grade", hard=(0, 5), cohorts=NECK, source=NURICK,
          text="Nurick grade of gait, lower is better"),
    Score(name="lems", unit="points_of_50", hard=(0, 50), cohorts=ALL, source=LENKE,
          text="Lower extremity motor score of both legs, higher is better"),
)  # fmt: skip

SF36_SCALES = (
    ("pf", "physical functioning"), ("rp", "role, physical"), ("bp", "bodily pain"), ("gh", "general health"),
    ("vt", "vitality"), ("sf", "social functioning"), ("re", "role, emotional"), ("mh", "mental health"),
)  # fmt: skip

HEALTH = (
    *(
        Score(name=f"sf36_{scale}", unit="points_of_100", hard=(0, 100), cohorts=ALL, source=WARE_1992,
              text=f"SF-36 {words}, 0 to 100, higher is better")
        for scale, words in SF36_SCALES
    ),
    *(
        Score(name=f"{form}_{part}cs", unit="t_score", hard=(-10, 90), plausible=(10, 70), cohorts=ALL, source=source,
              text=f"{form.upper().replace('SF', 'SF-')} {word} component summary, mean 50 and SD 10, higher is better")
        for form, source in (("sf36", WARE_1994), ("sf12", WARE_1996))
        for part, word in (("p", "physical"), ("m", "mental"))
    ),
    Score(name="sf6d", unit="utility", hard=(-0.6, 1), plausible=(0.29, 1), cohorts=ALL,
          source=BRAZIER,
          text="SF-6D utility, 1 is full health; plausible range of the value set of the United Kingdom"),
    Score(name="eq5d_index", unit="utility", hard=(-1, 1), plausible=(-0.594, 1), cohorts=ALL,
          source=DOLAN,
          text="EQ-5D index, 1 is full health; plausible range of the EQ-5D-3L with the United Kingdom value set"),
    Score(name="eq_vas", unit="points_of_100", hard=(0, 100), cohorts=ALL,
          source=EUROQOL,
          text="EQ visual analogue scale, 0 to 100, higher is better"),
    Score(name="promis_pf", unit="t_score", hard=(0, 100), plausible=(15, 75), cohorts=ALL, source=CELLA,
          text="PROMIS physical function, mean 50 and SD 10, higher is better"),
    Score(name="promis_pi", unit="t_score", hard=(0, 100), plausible=(35, 85), cohorts=ALL, source=CELLA,
          text="PROMIS pain interference, mean 50 and SD 10, lower is better"),
    Score(name="promis_pain_intensity", unit="t_score", hard=(0, 100), plausible=(25, 75), cohorts=ALL,
          source=CELLA, text="PROMIS pain intensity 3a as a T-score (not the raw 3 to 15), lower is better"),
)  # fmt: skip

DEFORMITY = (
    Score(name="srs22r_total", unit="points_of_5", hard=(1, 5), cohorts=TRUNK, source=ASHER,
          text="SRS-22r total score, mean of the answered items, higher is better"),
    *(
        Score(name=f"srs22r_{scale}", unit="points_of_5", hard=(1, 5), cohorts=TRUNK, source=ASHER,
              text=f"SRS-22r {words}, mean of its answered items, higher is better",
              text_before="SRS-22r satisfaction with the care so far, mean of its answered items, higher is better"
              if scale == "satisfaction" else "")
        for scale, words in (
            ("subscore", "total without satisfaction"), ("function", "function"), ("pain", "pain"),
            ("self_image", "self-image"), ("mental_health", "mental health"), ("satisfaction", "satisfaction"),
        )
    ),
)  # fmt: skip

COMI_DOMAINS = (
    ("pain", "pain, the worse of trunk and limb"), ("function", "function"), ("wellbeing", "symptom-specific "
     "well-being"), ("qol", "quality of life"), ("disability", "disability, social life and work"),
)  # fmt: skip

CORE = (
    Score(name="comi_back", unit="points_of_10", hard=(0, 10), cohorts=BACK, source=MANNION,
          text="Core Outcome Measures Index of the back, mean of five domains, lower is better"),
    Score(name="comi_neck", unit="points_of_10", hard=(0, 10), cohorts=NECK, source=MANNION,
          text="Core Outcome Measures Index of the neck, mean of five domains, lower is better"),
    *(
        Score(name=f"comi_{domain}", unit="points_of_10", hard=(0, 10), cohorts=ALL, source=MANNION,
              text=f"Core Outcome Measures Index, {words}, lower is better")
        for domain, words in COMI_DOMAINS
    ),
    *(
        Score(name=f"joabpeq_{domain}", unit="points_of_100", hard=(0, 100), cohorts=LUMBAR, source=FUKUI,
              text=f"JOABPEQ {words}, 0 to 100, higher is better; there is no total")
        for domain, words in (
            ("pain", "low back pain"), ("function", "lumbar function"), ("walking", "walking ability"),
            ("social", "social life"), ("mental", "mental health"),
        )
    ),
)  # fmt: skip

MIND = (
    Score(name="hads_a", unit="points_of_21", hard=(0, 21), cohorts=ALL,
          source=ZIGMOND,
          text="Hospital Anxiety and Depression Scale, anxiety, lower is better"),
    Score(name="hads_d", unit="points_of_21", hard=(0, 21), cohorts=ALL,
          source=ZIGMOND,
          text="Hospital Anxiety and Depression Scale, depression, lower is better"),
    Score(name="phq9", unit="points_of_27", hard=(0, 27), cohorts=ALL, source=KROENKE_2001,
          text="Patient Health Questionnaire, nine items, lower is better"),
    Score(name="phq2", unit="points_of_6", hard=(0, 6), cohorts=ALL, source=KROENKE_2003,
          text="Patient Health Questionnaire, first two items, lower is better"),
)  # fmt: skip

RATINGS = (
    Score(name="mcri", unit="points", hard=(0, 100), cohorts=BACK, source=RIGOARD,
          text="Multidimensional clinical response index as its web form gives it; its direction could not be seen"),
    Score(name="pgic", unit="points_of_7", hard=(1, 7), cohorts=ALL, before=False, source=GUY,
          text="Patient global impression of change, 1 very much improved to 7 very much worse"),
    Score(name="gpe", unit="points_of_7", hard=(1, 7), cohorts=ALL, before=False,
          source=KAMPER,
          text="Global perceived effect, 1 completely recovered to 7 worse than ever"),
    Score(name="nass_satisfaction", unit="points_of_4", hard=(1, 4), cohorts=ALL, before=False,
          source=DALTROY,
          text="NASS patient satisfaction index, 1 met expectations to 4 the same or worse"),
    Score(name="zcq_satisfaction", unit="points_of_4", hard=(1, 4), cohorts=LUMBAR, before=False,
          source=STUCKI,
          text="Zurich Claudication Questionnaire, satisfaction, lower is better"),
)  # fmt: skip

INSTRUMENT_SCORES = DISABILITY + PAIN + MYELOPATHY + HEALTH + DEFORMITY + CORE + MIND + RATINGS
