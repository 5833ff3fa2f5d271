"""Threshold sets of the neck: disability, pain and myelopathy."""

from __future__ import annotations

from outcomes.threshold_entries.common import (
    GENERAL,
    QUOTED,
    SEEN,
    at_least,
    at_most,
    change,
    make_set,
    percent,
    worse,
)
from schemas.specs import BaselineBand, ThresholdSpec

YOUNG = "Young 2009, Spine J 9:802"
CARREON = "Carreon 2010, Spine J 10:469"
TETREAULT = "Tetreault 2015, Spine 40:1653"
MYELOPATHY = "degenerative cervical myelopathy"

BY_SEVERITY = ThresholdSpec(
    instrument="mjoa",
    kind="by_baseline",
    direction="higher_is_better",
    bands=(BaselineBand(up_to=11, value=3), BaselineBand(up_to=14, value=2), BaselineBand(up_to=17, value=1)),
)
"""Severe up to 11, moderate up to 14, mild up to 17; 18 is no deficit, and leaves nothing to reach."""

CERVICAL = (
    make_set(
        change("ndi", 15),
        name="young2009", title="NDI 15 points of 100",
        population="neck pain without surgery; not derived in operated patients",
        method="anchor; 7.5 points of the raw 50, which is below the minimal detectable change of 10.2",
        text="The source advises against it, and for 10 of 50.", source=YOUNG, certainty=QUOTED,
    ),
    make_set(
        change("ndi", 10, scale=50),
        name="young2009_advised", title="NDI 10 points of 50",
        population="neck pain without surgery; not derived in operated patients",
        method="what the source advises, as the minimal detectable change is 10.2 of 50", source=YOUNG,
        certainty=QUOTED,
    ),
    make_set(
        change("ndi", 7.5, scale="unknown", certainty=QUOTED), change("nrs_neck", 2.5), change("nrs_arm", 2.5),
        change("sf36_pcs", 4.1),
        name="carreon2010_cervical", title="NDI 7.5 of an unknown scale, neck and arm pain 2.5, PCS 4.1 points",
        population="cervical fusion", method="anchor and minimal detectable change",
        text="Of how many points the 7.5 are was not stated where it was read: 15 of 100 if of 50, else 7.5.",
        source=CARREON, certainty=GENERAL,
    ),
    make_set(
        change("ndi", 9.5, scale="unknown"),
        name="carreon2010_cervical_scb", title="NDI 9.5 of an unknown scale: substantial benefit",
        purpose="substantial_benefit", population="cervical fusion", method="anchor",
        text="Of how many points the 9.5 are was not stated where it was read.", source=CARREON, certainty=GENERAL,
    ),
    make_set(
        change("ndi", 13.39, scale="unknown"), change("vas_neck", 3.11, scale="unknown"), change("sf36_pcs", 5.56),
        change("sf36_mcs", 5.73),
        name="auffinger2013", title="NDI 13.39 and neck pain 3.11 of unknown scales, PCS 5.56, MCS 5.73 points",
        population="anterior fusion for cervical myelopathy, n = 30",
        method="minimal detectable change with the health transition item as the anchor",
        text="The abstract does not say of how many points the NDI and the visual scale were.",
        source="Auffinger 2013, PLoS One 8:e67408",
        certainty=SEEN,
    ),
    make_set(
        change("ndi", 17.3), change("sf12_pcs", 8.1), change("sf12_mcs", 4.7), change("eq5d_index", 0.24),
        name="parker2013_acdf", title="NDI 17.3, SF-12 PCS 8.1 and MCS 4.7, EQ-5D 0.24 points",
        population="anterior fusion for cervical radiculopathy", method="minimal detectable change",
        text="17.3 per cent of the NDI is read as points of 100, not as a share of the baseline.",
        source="Parker 2013, J Neurosurg Spine 18:154", certainty=GENERAL,
    ),
    make_set(
        percent("ndi", 30), percent("nrs_neck", 30), percent("nrs_arm", 30), change("eq5d_index", 0.11),
        name="qod2025_csm", title="NDI, neck and arm pain 30 per cent, EQ-5D 0.11 points",
        population="cervical spondylotic myelopathy five years after surgery, n = 1,085",
        method="best or second best of eight methods; c-statistic against satisfaction 0.65 to 0.73",
        source="Spine CORe 2025, Quality Outcomes Database", certainty=SEEN,
    ),
    make_set(
        BY_SEVERITY,
        name="tetreault2015_mjoa", title="Myelopathy score (mJOA) 1, 2 or 3 points by severity",
        population=f"{MYELOPATHY}, n = 517", method="anchor (NDI) and ROC by severity at baseline",
        text="The bounds of mild, moderate and severe were seen in the source, the points for each were not.",
        source=f"{TETREAULT}; Tetreault 2017, Eur Spine J 26:78", certainty=GENERAL,
    ),
    make_set(
        change("mjoa", 2),
        name="tetreault2015_mjoa_overall", title="Myelopathy score (mJOA) 2 points",
        population=f"{MYELOPATHY}, n = 517",
        method="anchor (NDI) and ROC; half a standard deviation was 1.36, the standard error of measurement 1.21",
        source=TETREAULT, certainty=SEEN,
    ),
    make_set(
        at_least("mjoa", 16),
        name="tetreault2015_minimal_impairment", title="Myelopathy score (mJOA) of 16 or more",
        purpose="acceptable_state", population=MYELOPATHY,
        method="minimal impairment after one year, as used by the source",
        source="Tetreault 2015, J Bone Joint Surg Am 97:2038", certainty=SEEN,
    ),
    make_set(
        worse("mjoa"),
        name="khan2021_worsening", title="Myelopathy score (mJOA) lower than before", purpose="worsening",
        population=f"{MYELOPATHY}, n = 757", method="any change below 0, as used by the source",
        text="A point is within the error of the score, and who starts at 18 can only fall.",
        source="Khan 2021, Neurosurgery 88:584", certainty=SEEN,
    ),
    make_set(
        change("sf36_pcs", 4), change("sf36_mcs", 4),
        name="aospine2018", title="PCS and MCS 4 points",
        population=f"{MYELOPATHY}, n = 606",
        method="anchor (NDI); ROC 3.9 and 3.2, half a standard deviation 4.6 and 6.8",
        source="AOSpine 2018, Spine, SF-36 in myelopathy", certainty=SEEN,
    ),
    make_set(
        change("sf6d", 0.03),
        name="merali2019_sf6d", title="SF-6D 0.03", population=f"{MYELOPATHY}, n = 757",
        method="minimal clinically important difference, as used by the source",
        source="Merali 2019, PLoS One 14:e0215133", certainty=GENERAL,
    ),
    make_set(
        at_most("ndi", 10),
        name="ndi_pass10", title="NDI of 10 of 100 or less", purpose="acceptable_state",
        population="degenerative cervical surgery in Japan, six months after it, n = 80",
        method="patient acceptable symptom state by ROC",
        source="congress abstract of World Physiotherapy, read in 2026: Japanese version of the NDI", certainty=SEEN,
    ),
    make_set(
        at_most("ndi", 7, scale=50),
        name="donk2016_good", title="NDI of 7 of 50 or less", purpose="acceptable_state",
        population="anterior surgery of one cervical disc, n = 102", method="ROC against a good or excellent result",
        source="Donk 2016, PLoS One 11:e0161593", certainty=SEEN,
    ),
)  # fmt: skip
