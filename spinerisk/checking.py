"""What ``spinerisk check`` shows and writes."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from pipelines.data_quality import compute_quality
from pipelines.run_folder import PRIVATE, mark_private
from reports.files import write_at_once
from reports.quality.data_quality import write_quality
from schemas.errors import RunError
from schemas.registry import Registry
from spinerisk import __version__


def describe_check(registry: Registry, out: Path | None) -> dict[str, object]:
    """Return the facts of a validation: counts by table, faults by column and rule, notes; never a patient's value."""
    return {
        "source": registry.source,
        "definition": registry.definition.name,
        "title": registry.definition.title,
        "synthetic": registry.synthetic,
        "fingerprint": registry.fingerprint,
        "rows_read": registry.n_read,
        "rows_valid": len(registry.frame),
        "rows_quarantined": len(registry.quarantine),
        "tables": registry.tables.to_dict("records"),
        "faults": registry.faults.to_dict("records"),
        "notes": list(registry.warnings),
        "written_to": str(out) if out else None,
    }


def write_check(registry: Registry, out: Path) -> Path:
    """Write the faults, the data-quality page, and the quarantined rows with their reasons, which stay private.

    Parameters
    ----------
    registry
        Valid rows and quarantine.
    out
        Folder, made if absent: ``faults.csv``, ``data_quality.html``, ``data_quality.json``; in ``private/`` (see
        `mark_private`) the rows in quarantine, ``quarantine.parquet`` and ``quarantine_<table>.parquet``, readable by
        their owner only where the system knows of such a thing. Those of an earlier check are removed. ``faults.csv``
        has the first numbers of the rows at fault (`schemas.quarantine.SHOWN_ROWS`), the quarantine every row.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    try:
        mark_private(out / PRIVATE)
        for name in ("quarantine.parquet", "quarantine_*.parquet"):
            # What an earlier check left there may be of tables that are no longer read.
            for stale in (out / PRIVATE).glob(name):
                stale.unlink()
        write_at_once(out / "faults.csv", registry.faults.to_csv(index=False, lineterminator="\n"))
        _write_private(registry.quarantine, out / PRIVATE / "quarantine.parquet")
        for name, rows in registry.further_quarantine.items():
            _write_private(rows, out / PRIVATE / f"quarantine_{name}.parquet")
    except OSError as error:
        raise RunError(f"the output folder must be writable, got {str(out)!r}: {error.strerror}") from None
    return write_quality(compute_quality(registry), {**describe_check(registry, out), "spinerisk": __version__}, out)


def _write_private(rows: pd.DataFrame, path: Path) -> None:
    """Write patients' rows into a file that nobody else could open even while it is written."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        rows.astype("str").to_parquet(file, index=False)
