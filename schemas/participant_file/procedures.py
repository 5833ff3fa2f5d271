"""Procedure codes of ACS NSQIP participant use files: which spine operation, in which region, with what besides.

All of it is final coding, known after the operation: of two patients with one plan, it tells what happened in theatre.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from schemas.participant_file.texts import BoolArray, Coded, Part, PufTable, count_rows, flag_texts, fold, is_missing


@dataclass(frozen=True, kw_only=True)
class Family:
    """Principal procedure codes that count as one kind of operation."""

    name: str
    region: str
    codes: tuple[str, ...]


FAMILIES = (
    Family(name="anterior_cervical_fusion", region="cervical", codes=("22551", "22552", "22554")),
    Family(name="cervical_disc_arthroplasty", region="cervical", codes=("22856", "22858", "22861", "22864")),
    Family(name="posterior_cervical_fusion", region="cervical", codes=("22590", "22595", "22600")),
    Family(name="cervical_decompression", region="cervical", codes=("63001", "63015", "63020", "63045")),
    Family(name="cervical_corpectomy", region="cervical", codes=("63081", "63082")),
    Family(name="repeat_cervical_discectomy", region="cervical", codes=("63040", "63043")),
    Family(name="cervical_laminoplasty", region="cervical", codes=("63050", "63051")),
    Family(name="posterior_lumbar_fusion", region="thoracolumbar",
           codes=("22612", "22630", "22632", "22633", "22634")),
    Family(name="anterior_lumbar_fusion", region="thoracolumbar", codes=("22558",)),
    Family(name="lumbar_discectomy", region="thoracolumbar", codes=("63030",)),
    Family(name="repeat_lumbar_discectomy", region="thoracolumbar", codes=("63042", "63044")),
    Family(name="far_lateral_discectomy", region="thoracolumbar", codes=("63056",)),
    Family(name="lumbar_decompression", region="thoracolumbar", codes=("63005", "63012", "63017", "63047")),
    Family(name="thoracic_fusion", region="thoracolumbar", codes=("22556", "22610")),
    Family(name="thoracic_decompression", region="thoracolumbar",
           codes=("63003", "63016", "63046", "63055", "63064")),
    Family(name="thoracolumbar_corpectomy", region="thoracolumbar",
           codes=("63085", "63086", "63087", "63088", "63090", "63091", "63101", "63102", "63103")),
    Family(name="deformity_fusion", region="deformity",
           codes=("22800", "22802", "22804", "22808", "22810", "22812")),
    Family(name="spinal_osteotomy", region="deformity",
           codes=("22206", "22207", "22208", "22210", "22212", "22214", "22216", "22220", "22222", "22224", "22226")),
)  # fmt: skip
"""Codes that add a level to any region (22585, 22614, 63035, 63048) name no family where they stand as principal."""

FAMILY = {code: family.name for family in FAMILIES for code in family.codes}
REGION = {code: family.region for family in FAMILIES for code in family.codes}

INSTRUMENTS = frozenset({*(str(code) for code in range(22840, 22850)), "22853", "22854", "22859"})
DURAL_REPAIR = frozenset({"63707", "63709"})
SLOTS = tuple(f"{kind}{k}" for kind in ("OTHERCPT", "CONCPT") for k in range(1, 11))
"""Up to ten further procedures of the same team and ten of another; NULL where there was no such procedure."""


def read_procedures(puf: PufTable) -> Part:
    """Return the principal code, its family and region, and what stands in the further slots."""
    if not puf.has("CPT"):
        return Part()
    principal = puf.coded("CPT")
    codes = [_plain(text) for text in principal.unique]
    families = principal.spread([FAMILY.get(code, "") for code in codes])
    columns = {
        "CPT": principal.spread(codes),
        "procedure_family": families,
        "spine_region": principal.spread([REGION.get(code, "") for code in codes]),
    }
    other = (families == "").to_numpy()
    told = (
        f"column 'procedure_family': {count_rows(other)} of {len(other)} with a principal code of no family of "
        "spine operations; kept, with the family missing"
    )
    notes = (told,) if other.any() else ()
    return Part(columns={**columns, **_further(puf, principal)}, notes=notes)


def _plain(text: str) -> str:
    return "" if is_missing(fold(text)) else text.removesuffix(".0")


def _further(puf: PufTable, principal: Coded) -> dict[str, pd.Series]:
    """Look at every slot: an empty one says that there was no such procedure, so nothing here is unknown."""
    slots = [puf.coded(header) for header in puf.present(SLOTS)]
    if not slots:
        return {}
    used = sum((~slot.mark(is_missing)).astype(np.float64) for slot in slots)
    return {
        "further_procedures": pd.Series(used),
        "instrumentation": flag_texts(_any_slot([principal, *slots], INSTRUMENTS).astype(np.float64)),
        "dural_repair": flag_texts(_any_slot([principal, *slots], DURAL_REPAIR).astype(np.float64)),
    }


def _any_slot(slots: list[Coded], codes: Collection[str]) -> BoolArray:
    found = np.zeros(len(slots[0].codes), dtype=np.bool_)
    for slot in slots:
        found |= slot.mark(lambda text: text.removesuffix(".0") in codes)
    return found
