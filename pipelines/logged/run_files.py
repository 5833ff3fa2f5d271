"""A finished run's folder as far as it may be logged: its record, its tables, its files and their hash."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.predictions import FINAL_FOLD
from schemas.errors import InputError, RunError, unknown_name
from schemas.tables import CURVES, RUN_FORMAT, SHARE

PRIVATE = "private"
SHARED = "share"
MODELS = "models"
RECORD = "run.json"
PLAN_FILES = ("study.toml", "definition.toml", RECORD)
ANSWERS = "tripod.toml"
"""What the authors say of the study, where they have."""
BUNDLE_FILE = "bundle.json"
NEEDED = ("evaluation", "comparison", "tuning")
"""Tables that every run has; those that came later are empty where an older run has none."""
USED = (*NEEDED, "verdicts", "gaps", "flow")


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """What is logged of a run.

    Attributes
    ----------
    folder
        The run's folder.
    record
        What ``run.json`` says.
    tables
        Those of `USED`, by name.
    sha256
        Of the plan, the record, the tables and the model bundles: what the run is.
    documents_sha256
        Of everything else that is shared: how the run is told.
    """

    folder: Path
    record: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    sha256: str
    documents_sha256: str

    @property
    def title(self) -> str:
        """Title of the study."""
        return str(self.record["study"]["title"])

    @property
    def synthetic(self) -> bool:
        """Whether any of the data is invented."""
        return any(data["synthetic"] for data in self.record["data"])

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the data that the models were developed on."""
        developed = self.record.get("developed") or self.record
        return str(developed["data"][0]["fingerprint"])

    @property
    def kept_bundles(self) -> Mapping[tuple[str, str], str]:
        """Recorded hash of each bundle by outcome and model, also of locked ones that were evaluated elsewhere."""
        return {(one["outcome"], one["model"]): str(one["sha256"]) for one in self.record.get("bundles", ())}

    def rows(self, table: str, *, outcome: str, model: str) -> pd.DataFrame:
        """Return the rows of a table that are of one outcome and model."""
        frame = self.tables[table]
        return frame[(frame["outcome"] == outcome) & (frame["model"] == model)]

    def list_pairs(self) -> tuple[tuple[str, str], ...]:
        """List outcome and model of everything that was evaluated, in the order of the table."""
        found = self.tables["evaluation"][["outcome", "model"]].drop_duplicates()
        return tuple(found.itertuples(index=False, name=None))

    def find_bundle(self, outcome: str, model: str) -> Path | None:
        """Return the folder of a model bundle; published models and the arm have none."""
        bundle = self.folder / MODELS / outcome / model
        return bundle if (bundle / BUNDLE_FILE).is_file() else None

    def check_bundle(self, chosen: str) -> None:
        """Refuse an outcome and model, with a slash between, of which the run has no bundle.

        Raises
        ------
        InputError
            It names those that there are.
        """
        known = [f"{outcome}/{model}" for outcome, model in self.list_pairs() if self.find_bundle(outcome, model)]
        if chosen not in known:
            raise InputError(unknown_name("a model of the run", chosen, known))

    def describe_outcome(self, name: str) -> Mapping[str, Any]:
        """Return what the record says of an outcome."""
        found: Mapping[str, Any] = next((one for one in self.record["outcomes"] if one["name"] == name), {})
        return found

    def describe_model(self, name: str) -> Mapping[str, Any]:
        """Return what the record says of a model."""
        found: Mapping[str, Any] = next((one for one in self.record["models"] if one["name"] == name), {})
        return found

    def find_verdict(self, outcome: str, model: str) -> Mapping[str, Any]:
        """Return the row of the verdict on a rival; nothing of the reference and of what is set beside."""
        rows = self.rows("verdicts", outcome=outcome, model=model)
        return next((dict(row) for _, row in rows.iterrows()), {})

    def find_primary(self, outcome: str) -> str | None:
        """Return the rival that the primary verdict is about, which may be the arm; None where there is none."""
        verdicts = self.tables["verdicts"]
        primary = verdicts.loc[(verdicts["outcome"] == outcome) & (verdicts["role"] == "primary"), "model"]
        return str(primary.iloc[0]) if len(primary) else None

    def find_candidate(self, outcome: str) -> str | None:
        """Return the rival of the primary verdict; of the arm the learner that it is in the end."""
        name = self.find_primary(outcome)
        if name is None:
            return None
        tuned = self.rows("tuning", outcome=outcome, model=name)
        chosen = tuned.loc[(tuned["fold"] == FINAL_FOLD) & tuned["choice"].notna(), "choice"]
        return str(chosen.iloc[0]) if len(chosen) else name


def read_run_files(folder: Path) -> RunFiles:
    """Read what is logged of a run, after making sure that none of it is a patient's.

    Raises
    ------
    RunError
        If the folder is no finished run, a bundle is not as the run made it, or a path to be logged leads into
        ``private/`` or is a link.
    """
    record = _read_record(folder)
    tables = {name: _read_table(folder, name) for name in USED}
    _refuse_private(folder)
    _refuse_changed(folder, record)
    results = set(_list_results(folder))
    documents = [path for path in _list_files(folder) if path not in results]
    return RunFiles(
        folder=folder,
        record=record,
        tables=tables,
        sha256=_hash_files(folder, results),
        documents_sha256=_hash_files(folder, documents),
    )


@contextmanager
def only_here(folder: Path) -> Iterator[None]:
    """Let one process at a time log a run's folder.

    Raises
    ------
    RunError
        If another one is at it.
    """
    with (folder / RECORD).open("rb") as record:
        try:
            fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(
                f"a run must be logged by one process at a time, got {str(folder)!r}, which another one is logging; "
                "wait for it"
            ) from None
        yield


def _read_record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise RunError(
            f"the folder must hold a finished run, got {str(folder)!r} without a readable run.json"
        ) from None
    if not isinstance(record, dict) or record.get("format") != RUN_FORMAT:
        raise RunError(f"{path} must have format {RUN_FORMAT}; run the study again with this version")
    return record


def _read_table(folder: Path, name: str) -> pd.DataFrame:
    path = folder / SHARED / f"{name}.csv"
    texts = dict.fromkeys(("outcome", "model", "dataset", "choice", "role", "verdict", "reason"), str)
    try:
        return pd.read_csv(path, dtype=texts)
    except FileNotFoundError:
        if name in NEEDED:
            raise _incomplete(path, folder) from None
        return pd.DataFrame(columns=list(SHARE[name]))
    except (OSError, ValueError):
        raise _incomplete(path, folder) from None


def _incomplete(path: Path, folder: Path) -> RunError:
    return RunError(f"a finished run must have a readable {path.relative_to(folder)}; run the study again")


def _list_paths(folder: Path) -> Iterator[Path]:
    """Yield everything that would be logged, file by file and folder by folder."""
    yield from (path for name in (*PLAN_FILES, ANSWERS) if (path := folder / name).is_file())
    for part in (SHARED, MODELS):
        yield from sorted((folder / part).rglob("*"))


def _list_files(folder: Path) -> Iterator[Path]:
    return (path for path in _list_paths(folder) if path.is_file())


def _list_results(folder: Path) -> Iterator[Path]:
    """Yield the files that say what the run is: all that is logged but documents, figures and what goes with them."""
    names = {f"{name}.csv" for name in SHARE} | {f"curves/{name}.csv" for name in CURVES}
    tables = {folder / SHARED / name for name in names}
    plan = {folder / name for name in PLAN_FILES}
    return (p for p in _list_files(folder) if p in plan or p in tables or p.is_relative_to(folder / MODELS))


def _refuse_private(folder: Path) -> None:
    """Stop before anything is logged if a path, followed through its links, is a patient's data."""
    private = (folder / PRIVATE).resolve()
    for path in _list_paths(folder):
        if path.is_symlink() or path.resolve().is_relative_to(private) or path.name == PRIVATE:
            raise RunError(f"what is logged must lie outside private/ and be no link, got {path.relative_to(folder)}")


def _refuse_changed(folder: Path, record: Mapping[str, Any]) -> None:
    """Stop before a bundle is logged under the hash of another."""
    for entry in record.get("bundles", ()):
        path = folder / MODELS / entry["outcome"] / entry["model"] / BUNDLE_FILE
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            raise RunError(
                f"a model bundle must be as the run made it, got {path.parent.relative_to(folder)}, which was changed "
                "since; run the study again"
            )


def _hash_files(folder: Path, paths: Iterable[Path]) -> str:
    """Return the SHA-256 over the names and the hashes of files, in hex."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        own = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {own}\n".encode())
    return digest.hexdigest()
