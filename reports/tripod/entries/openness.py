"""Open science, and the part of patients and the public."""

from __future__ import annotations

from reports.tripod.item import Item
from reports.tripod.open_science import tell_18f

OPENNESS = (
    Item(
        name="18a", part="Open science", heading="Funding", applies="DE", fill="M",
        topic="Who paid for the study, and what part the funders had in it",
        question="Who funded the work, and did the funders have a say in design, analysis or writing?",
    ),
    Item(
        name="18b", part="Open science", heading="Conflicts of interest", applies="DE", fill="M",
        topic="Interests of the authors that a reader should know",
        question="Which financial or other interests do the authors declare? None is an answer too.",
    ),
    Item(
        name="18c", part="Open science", heading="Protocol", applies="DE", fill="M",
        topic="Where the protocol can be read, or that there was none",
        question="Where can the protocol be read? If none was written, say so.",
    ),
    Item(
        name="18d", part="Open science", heading="Registration", applies="DE", fill="M",
        topic="Where and under which number the study was registered, or that it was not",
        question="Where was the study registered, when, and under which number? If it was not, say so.",
    ),
    Item(
        name="18e", part="Open science", heading="Availability of data", applies="DE", fill="M",
        topic="Whether and how others can have the data",
        question="Can others have the data, from whom, and under which conditions?",
    ),
    Item(
        name="18f", part="Open science", heading="Availability of code", applies="DE", fill="P", tell=tell_18f,
        topic="Whether and how others can have the code of the whole analysis, from cleaning to evaluation",
        question="Where can the code and the study's plan be had, under which licence, and what was done outside them?",
    ),
    Item(
        name="19", part="Patient and public involvement", heading="Patient and public involvement", applies="DE",
        fill="M",
        topic="How patients and the public had a part in the study, or that they had none",
        question="How did patients or the public take part in planning, doing or reporting the study? If they did "
        "not, say so.",
    ),
)  # fmt: skip
