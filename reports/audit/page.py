"""The subgroup calibration audit as a page that can be signed."""

from __future__ import annotations

from reports.audit.closing import build_limits, build_multiplicity, build_signatures, build_suppression
from reports.audit.conclusions import build_conclusions
from reports.audit.curves import build_curves
from reports.audit.data import list_files
from reports.audit.gaps import build_gaps
from reports.audit.performance import build_known, build_performance
from reports.audit.sites import build_sites
from reports.audit.target import build_question, build_target
from reports.document import Document, Section

_ENTRIES = (
    Section(name="target", title="What was audited", build=build_target),
    Section(name="question", title="The question and its margin", build=build_question),
    Section(name="conclusions", title="Conclusions", build=build_conclusions),
    Section(name="known", title="What is known of each group", build=build_known),
    Section(name="performance", title="Performance by group", build=build_performance),
    Section(name="group_curves", title="Calibration curves by group", build=build_curves),
    Section(name="gaps", title="Gaps to all other patients", build=build_gaps),
    Section(name="site_funnel", title="Sites", build=build_sites),
    Section(name="multiplicity", title="How many groups were looked at", build=build_multiplicity),
    Section(name="suppression", title="What is suppressed", build=build_suppression),
    Section(name="limits", title="What this audit does not say", build=build_limits),
    Section(name="signatures", title="Signatures", build=build_signatures, fresh=True),
)
SECTIONS: dict[str, Section] = {section.name: section for section in _ENTRIES}
AUDIT = Document(
    name="audit",
    title="Subgroup calibration audit",
    text="For the auditor: whether risks are right in every group and at every site.",
    sections=SECTIONS,
    list_further=list_files,
)
