"""The table of published models. A new one is one entry; guard, predictions, evaluation and report follow."""

from __future__ import annotations

from pipelines.beside.published_entries.swespine import SWESPINE
from pipelines.beside.published_model import PublishedModel

ENTRIES: tuple[PublishedModel, ...] = (*SWESPINE,)

PUBLISHED_MODELS: dict[str, PublishedModel] = {model.name: model for model in ENTRIES}
"""Published model by the name that a study's ``comparators`` gives it."""
