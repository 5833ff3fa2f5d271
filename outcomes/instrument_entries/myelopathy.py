"""Instruments: the spinal cord and its scores by clinicians."""

from __future__ import annotations

from outcomes.instrument_entries.words import ALL_NEEDED, HIGHER, LOWER, SEEN, SINGLE, TAKEN, UNSURE, scored_as
from schemas.declared.instruments import Region
from schemas.sources_of_scores import (
    BENZEL,
    CASEY,
    HIRABAYASHI,
    IZUMIDA,
    LENKE,
    NURICK,
    YONENOBU,
)
from schemas.specs import InstrumentSpec

VERSIONS = (
    "There are three versions with three maxima, and papers confuse their names: Benzel's of 18 points, the Japanese "
    "one of 17, and others. mjoa_variant says which a registry holds; they are never pooled."
)


def _recovery(name: str, title: str, region: Region, text: str) -> InstrumentSpec:
    """Return a recovery rate; its range is the usual one, as who gets worse from a high score has no lower end."""
    return InstrumentSpec(
        name=name, title=title, low=-100, high=100, open_ends=("low",), direction=HIGHER, region=region,
        domain="recovery", rated_by="derived", follow_up_only=True,
        missing="Unknown where a score is, and where none could be gained.",
        scored="Gain in percent of the gain that was possible.", text=f"{text} The range is the usual one.",
        source=HIRABAYASHI, certainty=UNSURE,
    )  # fmt: skip


MYELOPATHY: tuple[InstrumentSpec, ...] = (
    InstrumentSpec(
        name="mjoa", title="Modified Japanese Orthopaedic Association score", low=0, high=18, direction=HIGHER,
        region="cervical", domain="myelopathy", rated_by="clinician", items=4, scored=scored_as("mjoa"),
        missing=ALL_NEEDED, text=f"Mild 15 to 17, moderate 12 to 14, severe 0 to 11. {VERSIONS}",
        source=BENZEL, certainty=UNSURE,
    ),
    InstrumentSpec(
        name="joa_cervical", title="Japanese Orthopaedic Association score of the neck", low=0, high=17,
        direction=HIGHER, region="cervical", domain="myelopathy", rated_by="clinician", items=6,
        scored=scored_as("joa_cervical"), missing=ALL_NEEDED, text=f"Half points are in use. {VERSIONS}",
        source=YONENOBU, certainty=SEEN,
    ),
    InstrumentSpec(
        name="joa_lumbar", title="Japanese Orthopaedic Association score of the low back", low=-6, high=29,
        direction=HIGHER, region="lumbar", domain="disability", rated_by="clinician", items=4,
        scored=scored_as("joa_lumbar"), missing=ALL_NEEDED,
        text="Some leave out the bladder, or the signs: a highest score of 15 or 23 is another version.",
        source=IZUMIDA, certainty=UNSURE,
    ),
    _recovery("joa_recovery_rate", "Recovery rate of a Japanese score", "spine",
              "As the registry gives it, of whichever version that is."),
    _recovery("joa_cervical_recovery_rate", "Recovery rate of the Japanese score of the neck", "cervical",
              "Of 17 points."),
    _recovery("mjoa_recovery_rate", "Recovery rate of the mJOA", "cervical", "Of 18 points."),
    _recovery("joa_lumbar_recovery_rate", "Recovery rate of the Japanese score of the low back", "lumbar",
              "Of 29 points."),
    InstrumentSpec(
        name="mdi", title="Myelopathy Disability Index", low=0, high=30, direction=LOWER, region="cervical",
        domain="function", items=10, scored=scored_as("mdi"), missing=f"{ALL_NEEDED} The authors' rule is not public.",
        text="Not a measure of mental disability, as some reviews have it. Also printed in percent.",
        source=CASEY, certainty=UNSURE,
    ),
    InstrumentSpec(
        name="nurick", title="Nurick grade", low=0, high=5, direction=LOWER, region="cervical", domain="gait",
        rated_by="clinician", items=1, scored=SINGLE, text="Six grades of walking, an ordinal scale.",
        source=NURICK, certainty=UNSURE,
    ),
    InstrumentSpec(
        name="lems", title="Lower extremity motor score", low=0, high=50, direction=HIGHER, region="spine",
        domain="strength", rated_by="clinician", items=10, scored=f"{TAKEN} Ten muscles of 0 to 5 are summed.",
        missing="As the registry has it.", text="Both legs; one leg alone has 25.", source=LENKE,
        certainty=UNSURE,
    ),
)  # fmt: skip
