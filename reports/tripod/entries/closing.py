"""Discussion."""

from __future__ import annotations

from reports.tripod.discussion import tell_26, tell_27a
from reports.tripod.item import Item

CLOSING = (
    Item(
        name="25", part="Discussion", heading="Interpretation", applies="DE", fill="M",
        topic="What the results mean as a whole, fairness included, beside the aims and earlier studies",
        question="What do the results mean beside those of earlier models, and for which groups of people are they "
        "better or worse?",
    ),
    Item(
        name="26", part="Discussion", heading="Limitations", applies="DE", fill="P", tell=tell_26,
        topic="What limits the study, and which way this may have moved the results",
        question="Which further limits are there (who is not in the registry, how things were recorded), and which "
        "way may they have moved the results?",
    ),
    Item(
        name="27a", part="Discussion", heading="Use of the model", applies="D", fill="P", tell=tell_27a,
        topic="What is done in use with input that is poor or missing",
        question="Who sees to the quality of the input where the model is used, and what happens when it is too poor?",
    ),
    Item(
        name="27b", part="Discussion", heading="Use of the model", applies="D", fill="M",
        topic="Whether users have to act on the input or the output, and what they must know for it",
        question="Who enters the predictors and who reads the risk, and what training does this take?",
    ),
    Item(
        name="27c", part="Discussion", heading="Next steps", applies="DE", fill="M",
        topic="What has to be done next, and where else the model may apply",
        question="What comes next (evaluation elsewhere, updating, a study of its use), and where may the model apply?",
    ),
)  # fmt: skip
