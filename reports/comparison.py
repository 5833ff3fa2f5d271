"""The comparison report: whether a rival predicts better than the reference here, by enough to be worth it."""

from __future__ import annotations

from dataclasses import replace

from reports.blocks import Block, Table
from reports.document import Document, Section
from reports.run_folder import RunFolder
from reports.sections.curves import build_calibration, build_decisions
from reports.sections.definitions import build_definitions
from reports.sections.elsewhere import of_development
from reports.sections.explanations import build_explanations
from reports.sections.methods import build_notes, build_plan, build_provenance, build_tuning
from reports.sections.models import build_models
from reports.sections.optimism import build_optimism
from reports.sections.participants import build_characteristics, build_participants
from reports.sections.sample_size import build_sample_size
from reports.sections.sensitivity import build_sensitivity
from reports.sections.sites import build_sites
from reports.sections.stability import build_stability
from reports.sections.subgroup_pointer import build_subgroup_pointer
from reports.sections.summary import build_summary
from reports.sections.unknown import build_unknown
from reports.sections.verdict import build_verdict


def _fold_characteristics(run: RunFolder) -> list[Block]:
    """Build the characteristics with closed tables: the manuscript prints them."""
    return [
        replace(block, folded=True, file="table1.csv") if isinstance(block, Table) else block
        for block in build_characteristics(run)
    ]


_ENTRIES = (
    Section(name="summary", title="Question and answer", build=build_summary),
    Section(
        name="verdict",
        title="Does a model beat the reference?",
        build=of_development("No verdict is reached on locked models", build_verdict),
    ),
    Section(name="models", title="Models compared", build=build_models),
    Section(name="calibration", title="Calibration", build=build_calibration),
    Section(name="decisions", title="Decision curves", build=build_decisions),
    Section(
        name="stability",
        title="Stability of the predictions",
        build=of_development("Refits on other samples", build_stability),
    ),
    Section(
        name="optimism",
        title="Apparent and corrected performance",
        build=of_development("Apparent and corrected performance", build_optimism),
    ),
    Section(name="sites", title="Sites", build=build_sites),
    Section(name="subgroups", title="Subgroups", build=build_subgroup_pointer),
    Section(
        name="sensitivity",
        title="Other choices",
        build=of_development("Analyses under other choices", build_sensitivity),
    ),
    Section(name="unknown", title="Patients of unknown outcome", build=build_unknown),
    Section(name="sample_size", title="Sample size", build=build_sample_size),
    Section(name="tuning", title="Tuning", build=of_development("Tuning", build_tuning)),
    Section(
        name="explanations",
        title="Explanations",
        build=of_development("Contributions of predictors", build_explanations),
    ),
    Section(name="definitions", title="What was predicted", build=build_definitions),
    Section(name="participants", title="Participants", build=build_participants),
    Section(name="characteristics", title="Characteristics", build=_fold_characteristics),
    Section(name="plan", title="Study plan", build=build_plan),
    Section(name="provenance", title="Provenance", build=build_provenance),
    Section(name="notes", title="Methods notes", build=build_notes),
)
SECTIONS: dict[str, Section] = {section.name: section for section in _ENTRIES}
COMPARISON = Document(
    name="comparison",
    title="Comparison report",
    text="For the outcomes researcher: question, reference, margin, verdict, and everything they rest on.",
    sections=SECTIONS,
)
