"""What ``spinerisk check`` shows and writes."""

from __future__ import annotations

from pathlib import Path

from schemas.errors import RunError
from schemas.registry import Registry


def describe_check(registry: Registry, out: Path | None) -> dict[str, object]:
    """Return the facts of a validation: counts, faults by column and rule, notes; never a patient's value."""
    return {
        "source": registry.source,
        "definition": registry.definition.name,
        "fingerprint": registry.fingerprint,
        "rows_read": registry.n_read,
        "rows_valid": len(registry.frame),
        "rows_quarantined": len(registry.quarantine),
        "faults": registry.faults.to_dict("records"),
        "notes": list(registry.warnings),
        "written_to": str(out) if out else None,
    }


def write_check(registry: Registry, out: Path) -> None:
    """Write ``faults.csv`` and the quarantined rows with their reasons, which stay private.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    private = out / "private"
    try:
        private.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"the output folder must be writable, got {str(out)!r}: {error.strerror}") from None
    registry.faults.to_csv(out / "faults.csv", index=False, lineterminator="\n")
    registry.quarantine.astype("str").to_parquet(private / "quarantine.parquet", index=False)
