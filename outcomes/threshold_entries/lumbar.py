"""Threshold sets of the low back.

A sliding ODI threshold (Sivaganesan 2017) is not among them: its function was not published where it could be read, and
none is made up.
"""

from __future__ import annotations

from outcomes.threshold_entries.common import (
    GENERAL,
    SEEN,
    TOOLKIT,
    at_least,
    at_most,
    change,
    either,
    failed,
    make_set,
    percent,
    rule,
)
from schemas.sources_of_scores import FUKUI

JOABPEQ_DOMAINS = ("pain", "function", "walking", "social", "mental")

KHOR = "Khor 2018, JAMA Surg 153:634"
OSTELO = "Ostelo 2008, Spine 33:90"
GLASSMAN = "Glassman 2008, J Bone Joint Surg Am 90:1839"
WERNER = "Werner 2017, Eur Spine J 26:2650"
BERJANO = "Berjano 2021, J Pers Med 11:1377"
PARAI = "Parai 2020, Eur Spine J 29"
FUSION = "lumbar fusion, n = 357"
BACK_PAIN = "low back pain, mostly without surgery"

CHANGE = (
    make_set(
        change("odi", 15), change("nrs_back", 2), change("nrs_leg", 2),
        name="scoap15_2_2", title="ODI 15 points, pain 2 points",
        population="lumbar fusion, n = 1,965", method="minimal clinically important difference, as used by the source",
        source=f"{KHOR}; Staartjes 2022, Eur Spine J 31:2629", certainty=SEEN,
    ),
    make_set(
        change("odi", 15), change("comi_back", 2.2), change("nrs_back", 2), change("nrs_leg", 2),
        name="fuse_ml2022", title="ODI 15 points or COMI 2.2 points by site, pain 2 points",
        population="lumbar fusion, n = 1,115", method="minimal clinically important difference, as used by the source",
        text="Where a site asked for the COMI instead of the ODI, that one counted.",
        source="Staartjes 2022, Eur Spine J 31:2629", certainty=SEEN,
    ),
    make_set(
        percent("odi", 30), percent("nrs_back", 30), percent("nrs_leg", 30, certainty=TOOLKIT),
        percent("vas_back", 30), percent("rmdq", 30),
        name="ostelo2008_30pct", title="30 per cent improvement",
        population=BACK_PAIN, method="expert consensus on the minimal important change",
        text="Of leg pain the source says nothing: the share is that of back pain.", source=OSTELO, certainty=SEEN,
    ),
    make_set(
        change("odi", 10), change("nrs_back", 2), change("vas_back", 15), change("rmdq", 5),
        name="ostelo2008_points", title="ODI 10, back pain 2 (VAS 15 mm), RMDQ 5 points",
        population=BACK_PAIN, method="expert consensus on the minimal important change", source=OSTELO, certainty=SEEN,
    ),
    make_set(
        either("odi", rule("absolute_change", 10), rule("percent_change", 30)),
        either("nrs_back", rule("absolute_change", 2), rule("percent_change", 30)),
        either("vas_back", rule("absolute_change", 15), rule("percent_change", 30)),
        either("rmdq", rule("absolute_change", 5), rule("percent_change", 30)),
        name="ostelo2008_either", title="Points of Ostelo or 30 per cent, whichever comes first",
        population=BACK_PAIN, method="expert consensus on the minimal important change", source=OSTELO, certainty=SEEN,
    ),
    make_set(
        change("odi", 12.8), change("nrs_back", 1.2), change("nrs_leg", 1.6), change("sf36_pcs", 4.9),
        name="copay2008", title="ODI 12.8, back pain 1.2, leg pain 1.6, PCS 4.9 points",
        population="lumbar surgery, n = 454", method="anchor (health transition) and minimal detectable change",
        text="Below the change that one patient's pain score shows by chance in other studies.",
        source="Copay 2008, Spine J 8:968", certainty=GENERAL,
    ),
    make_set(
        change("odi", 14.9), change("sf12_pcs", 8.8), change("sf12_mcs", 9.3), change("eq5d_index", 0.46),
        name="parker2011_tlif", title="ODI 14.9, SF-12 PCS 8.8 and MCS 9.3, EQ-5D 0.46 points",
        population="interbody fusion for degenerative spondylolisthesis", method="minimal detectable change",
        source="Parker 2011, J Neurosurg Spine 14:598", certainty=GENERAL,
    ),
    make_set(
        percent("odi", 30), percent("nrs_back", 30), percent("nrs_leg", 30),
        name="staartjes2019_30pct", title="30 per cent improvement after discectomy",
        population="lumbar discectomy, n = 422",
        method="minimal clinically important difference, as used by the source",
        source="Staartjes 2019, Spine J 19:853", certainty=SEEN,
    ),
    make_set(
        change("comi_back", 2.2), change("nrs_back", 2), change("nrs_leg", 2),
        name="halicka2023", title="COMI 2.2, pain 2 points",
        population="lumbar surgery, n = 4,307", method="minimal clinically important difference, as used by the source",
        source="Halicka 2023, BMC Musculoskelet Disord 24:333", certainty=GENERAL,
    ),
    make_set(
        change("nrs_back", 2.7), change("nrs_leg", 3.2), change("odi", 18), change("eq5d_index", 0.10),
        name="parai2020_mic", title="Back pain 2.7, leg pain 3.2, ODI 18, EQ-5D 0.10 points",
        population="degenerative lumbar surgery in Swespine, n = 98,732",
        method="minimal important change by ROC against the global assessment", source=PARAI, certainty=SEEN,
    ),
    make_set(
        change("nrs_back", 3.6), change("nrs_leg", 3.7), change("odi", 18), change("eq5d_index", 0.49),
        name="parai2020_sdc", title="Back pain 3.6, leg pain 3.7, ODI 18, EQ-5D 0.49: smallest detectable change",
        purpose="measurement_error", population="stable patients of degenerative lumbar surgery, n = 182",
        method="smallest detectable change of a test and a second test", source=PARAI, certainty=SEEN,
    ),
)  # fmt: skip

SUCCESS = (
    make_set(
        percent("odi", 18),
        name="mannion2006_odi", title="ODI 18 per cent", purpose="success",
        population="spine surgery, n = 57", method="ROC against a good global outcome; about 8 points in that group",
        source="Mannion 2006, Eur Spine J 15:66", certainty=SEEN,
    ),
    make_set(
        change("odi", 20), change("nrs_back", 2.5), change("nrs_leg", 3.5), change("eq5d_index", 0.30),
        name="norspine_success_ldh_v2013", title="ODI 20, back pain 2.5, leg pain 3.5, EQ-5D 0.30 points",
        purpose="success", population="lumbar disc herniation", method="success: global perceived effect much better",
        source="Solberg 2013, Acta Orthop 84:196", certainty=SEEN,
    ),
    make_set(
        change("odi", 22), change("nrs_back", 2), change("nrs_leg", 4),
        name="norspine_berg2024", title="ODI 22, back pain 2, leg pain 4 points", purpose="success",
        population="lumbar disc herniation, n = 22,707", method="success, as used by the source",
        source="Berg 2024, JAMA Netw Open, models from NORspine", certainty=SEEN,
    ),
    make_set(
        percent("odi", 30),
        name="nordsten2024_30pct", title="ODI 30 per cent: success after stenosis", purpose="success",
        population="lumbar spinal stenosis, n = 601",
        method="81 per cent classified as by the global perceived effect", source="NORDSTEN 2024, Eur Spine J",
        certainty=SEEN,
    ),
    make_set(
        change("odi", 12.7, strict=True),
        name="berjano2021_good", title="ODI by more than 12.7 points", purpose="success",
        population="lumbar fusion, n = 1,243", method="good early outcome, as used by the source",
        source=BERJANO, certainty=SEEN,
    ),
    make_set(
        change("odi", 12.7), change("sf36_pcs", 6), change("comi_back", 2.2),
        name="berjano2021_excellent", title="ODI 12.7, PCS 6, COMI 2.2 points", purpose="success",
        population="lumbar fusion, n = 1,243", method="excellent early outcome if all three, as used by the source",
        source=BERJANO, certainty=SEEN,
    ),
    make_set(
        *(either(f"joabpeq_{domain}", rule("absolute_change", 20), rule("crossing", 90), direction="higher_is_better")
          for domain in JOABPEQ_DOMAINS),
        name="joabpeq_effective", title="JOABPEQ domain 20 points, or from below 90 to 90 or more", purpose="success",
        population="lumbar disease", method="criterion of the Japanese Orthopaedic Association",
        text="From 90 or more neither is possible: who stays there cannot be judged and is left out, who falls below "
             "has not reached it.",
        source=FUKUI, certainty=GENERAL,
    ),
    make_set(
        either("odi", rule("absolute_change", 15), rule("final_score", 22), direction="lower_is_better"),
        name="odi_15_or_pass22", title="ODI 15 points or in an acceptable state of 22 or less", purpose="success",
        population="made of two published rules, of lumbar fusion and of degenerative lumbar surgery",
        method="improved or in an acceptable state, so that a good state before does not count against a patient",
        source=f"{KHOR}; van Hooff 2016, Spine J 16:1221", certainty=TOOLKIT,
    ),
)  # fmt: skip

BENEFIT = (
    make_set(
        change("odi", 18.8), change("sf36_pcs", 6.2), change("nrs_back", 2.5, certainty=GENERAL),
        change("nrs_leg", 2.5, certainty=GENERAL),
        name="glassman2008_scb", title="ODI 18.8, PCS 6.2, pain 2.5 points: substantial benefit",
        purpose="substantial_benefit", population=FUSION,
        method="ROC against much better on the health transition item", source=GLASSMAN, certainty=SEEN,
    ),
    make_set(
        percent("odi", 36.8), percent("sf36_pcs", 19.4), percent("nrs_back", 41, certainty=GENERAL),
        percent("nrs_leg", 39, certainty=GENERAL),
        name="glassman2008_scb_percent",
        title="ODI 36.8, PCS 19.4, back pain 41, leg pain 39 per cent: substantial benefit",
        purpose="substantial_benefit", population=FUSION,
        method="ROC against much better on the health transition item", source=GLASSMAN, certainty=SEEN,
    ),
    make_set(
        at_most("odi", 31.3, strict=True), at_least("sf36_pcs", 35.1),
        at_most("nrs_back", 3.5, strict=True, certainty=GENERAL),
        at_most("nrs_leg", 3.5, strict=True, certainty=GENERAL),
        name="glassman2008_scb_final",
        title="ODI under 31.3, PCS of 35.1 or more, pain under 3.5: substantial benefit",
        purpose="substantial_benefit", population=FUSION,
        method="ROC against much better on the health transition item", source=GLASSMAN, certainty=SEEN,
    ),
)  # fmt: skip

STATE = (
    make_set(
        at_most("odi", 22),
        name="van_hooff2016_pass", title="ODI of 22 or less", purpose="acceptable_state",
        population="degenerative lumbar surgery, n = 1,288", method="patient acceptable symptom state",
        source="van Hooff 2016, Spine J 16:1221", certainty=SEEN,
    ),
    make_set(
        at_most("odi", 22), at_most("vas_back", 30), at_most("vas_leg", 30),
        name="norwich_pass", title="ODI of 22 or less, pain of 30 mm or less", purpose="acceptable_state",
        population="lumbar decompression, n = 1,416", method="patient acceptable symptom state, as used by the source",
        text="The cut-off for pain is stated on a scale of 100; it is used for back and leg alike.",
        source="Geere 2024, Norwich Lumbar Surgery Predictor", certainty=SEEN,
    ),
)  # fmt: skip

FAILURE = (
    make_set(
        failed("odi", rule("absolute_change", 13)),
        name="werner2017_failure", title="ODI improved by less than 13 points: failure", purpose="failure",
        population="lumbar disc herniation, n = 6,840", method="global perceived effect unchanged or worse",
        source=WERNER, certainty=SEEN,
    ),
    make_set(
        failed("odi", rule("percent_change", 33)),
        name="werner2017_failure_33pct", title="ODI improved by less than 33 per cent: failure", purpose="failure",
        population="lumbar disc herniation, n = 6,840", method="global perceived effect unchanged or worse",
        source=WERNER, certainty=SEEN,
    ),
)  # fmt: skip

LUMBAR = (*CHANGE, *SUCCESS, *BENEFIT, *STATE, *FAILURE)
