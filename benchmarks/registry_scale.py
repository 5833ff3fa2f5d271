"""Read, check and split a large registry file, and say how long it took and how much memory it needed.

    python benchmarks/registry_scale.py --rows 1000000 --columns 150

The file is made first, in a process of its own, and is not timed. One row in a hundred is at fault.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as arrow_parquet

from schemas.column import Column
from schemas.definition import read_definition
from schemas.registry import read_registry

SEED = 1
SHARE_AT_FAULT = 0.01
SHARE_MISSING = 0.05
CHUNK = 100_000
LEFT_OUT = ("birth_date", "admission_date", "discharge_date", "death_date", "last_seen_date", "operated_side")


def main() -> None:
    """Make the file in a child process, then read it here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=150)
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.make:
        write_file(asked.make, asked.rows, asked.columns)
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "registry.parquet"
        sizes = ["--rows", str(asked.rows), "--columns", str(asked.columns)]
        subprocess.run([sys.executable, __file__, *sizes, "--make", str(path)], check=True)
        started = time.perf_counter()
        registry = read_registry(path, "lumbar")
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{registry.n_read} rows of {len(registry.columns)} columns: {len(registry.frame)} valid, "
        f"{len(registry.quarantine)} quarantined; {seconds:.1f} s, peak {peak:.1f} GB"
    )


def write_file(path: Path, n: int, n_columns: int) -> None:
    """Write `n` rows of `n_columns` columns of the lumbar dictionary, a chunk at a time."""
    known = read_definition("lumbar").columns_of()
    chosen = choose_columns(known, n_columns)
    rng = np.random.default_rng(SEED)
    writer = None
    for start in range(0, n, CHUNK):
        rows = min(CHUNK, n - start)
        table = arrow.table({column.name: draw(column, start, rows, rng) for column in chosen})
        writer = writer or arrow_parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def choose_columns(known: dict[str, Column], n_columns: int) -> list[Column]:
    """Take what a registry needs first, then evenly from the rest of the dictionary."""
    first = ["patient", "operation", "site", "operation_date", "age", "sex"]
    # Columns that other columns must agree with would put most rows of random values in quarantine.
    rest = [name for name, column in known.items() if name not in first and column.kind != "date"]
    free = [name for name in rest if name not in LEFT_OUT and not _is_tied(name)]
    return [known[name] for name in [*first, *free[: n_columns - len(first)]]]


def _is_tied(name: str) -> bool:
    words = (
        "level", "variant", "days", "year", "_ll_", "bmi", "height", "weight", "_q", "total", "treatment",
        "items", "_ue_", "_le_", "sphincter", "diabetes", "tropism", "orientation",
    )  # fmt: skip
    return any(word in name for word in words)


def draw(column: Column, start: int, n: int, rng: np.random.Generator) -> arrow.Array:
    """Draw one column: mostly plausible, some missing, a few impossible."""
    missing = rng.random(n) < SHARE_MISSING
    if column.name in ("patient", "operation"):
        return arrow.array([f"{column.name[0].upper()}{start + i:08d}" for i in range(n)])
    if column.kind == "identifier":
        return arrow.array([f"S{i}" for i in rng.integers(0, 60, n)], mask=missing)
    if column.kind == "date":
        days = np.datetime64("2015-01-01") + rng.integers(0, 3650, n)
        return arrow.array(days.astype("datetime64[D]"))
    if column.kind == "flag":
        return arrow.array(rng.integers(0, 2, n).astype("float64"), mask=missing)
    if column.kind == "category":
        levels = np.array(column.levels, dtype=object)
        return arrow.array(levels[rng.integers(0, len(levels), n)].tolist(), mask=missing)
    assert column.hard is not None
    low, high = column.plausible or column.hard
    values = np.round(low + (high - low) * rng.random(n), 1)
    if column.name == "age":
        values = np.where(rng.random(n) < SHARE_AT_FAULT, 400.0, np.round(values))
    return arrow.array(values, mask=missing)


if __name__ == "__main__":
    main()
