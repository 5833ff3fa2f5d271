"""The privacy gate: of planted patients nothing is found in anything that a run leaves or says, but in ``private/``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted_registry import NUMBERS, Plant, plant
from privacy_search import Finding, Search, Wanted, search_folder

from pipelines.run_folder import PRIVATE, PRIVATE_NOTE
from schemas.identifiers import KEY_VARIABLE, PSEUDONYM_DIGITS

pytestmark = pytest.mark.slow

DEFINITION = """
name = "planted"
title = "A registry with planted patients"
base = "lumbar"
required = ["patient", "age", "sex"]
[identifiers]
drop = ["patient_name", "e_mail"]
"""
HIDDEN = 'pseudonymise = ["patient", "national_number"]\n'
SHOWN = 'allow = ["national_number"]\n'
PREDICTORS = f"predictors = {[*NUMBERS, 'sex', 'smoking', 'diabetes', 'diagnosis']}"
LARGE = f"""
title = "as much as a study can ask for"
definition = "dev.toml"
seed = 3
outcomes = ["odi_12m_score", "any_complication_30d"]
{PREDICTORS}
missing = "native"
calibration = "logistic"
comparators = ["asa_class"]
subgroups = ["age", "site"]
bands = {{ age = [50, 65] }}
[derived_thresholds]
odi_12m_score = ["ostelo2008_30pct"]
[split]
outer_folds = 2
inner_folds = 2
[tuning]
trials = 1
[bootstrap]
resamples = 0
[internal_external]
models = ["xgboost"]
least_events = 25
[threshold_probabilities.any_complication_30d]
values = [0.1]
action = "closer follow-up"
"""
SMALL = f"""
title = "several imputations, refits and other thresholds"
definition = "dev.toml"
seed = 4
outcomes = ["odi_mcid_12m"]
{PREDICTORS}
missing = "multiple"
imputations = 2
models = ["elastic_net"]
subgroups = ["sex"]
[split]
outer_folds = 2
inner_folds = 2
[tuning]
trials = 1
[bootstrap]
resamples = 3
stability = true
tuning = "fixed"
[sensitivity.threshold_sets]
odi_mcid_12m = ["ostelo2008_30pct"]
[threshold_probabilities.odi_mcid_12m]
values = [0.5]
action = "a talk about expectations"
"""
TIMED = f"""
title = "a time to an event, in two processes"
definition = "dev.toml"
seed = 5
outcomes = ["reherniation_24m"]
{PREDICTORS}
models = ["elastic_net"]
subgroups = ["sex"]
[split]
outer_folds = 2
inner_folds = 2
[tuning]
trials = 1
[bootstrap]
resamples = 0
[threshold_probabilities.reherniation_24m]
values = [0.1]
action = "closer follow-up"
"""
RISK = 0.137193713
"""Of a patient in predictions of somebody else."""
BROKEN = """
import sys

import {module}


def fail(*arguments, **settings):
    raise ValueError({text!r})


{module}.{name} = fail
if __name__ == "__main__":
    from spinerisk.cli import main

    sys.exit(main())
"""
"""The program with a library in it that fails and quotes a patient, in every process."""


Given = tuple[Path, tuple[Plant, ...]]


@dataclass
class World:
    """A folder with the planted files in ``given/``; all else in it is what the program made of them."""

    root: Path
    plants: tuple[Plant, ...] = ()
    printed: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("tmp", "home", "given"):
            (self.root / name).mkdir(parents=True)

    @property
    def given(self) -> Path:
        return self.root / "given"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def wanted(self) -> Wanted:
        """Everything that was planted."""
        return Wanted(
            texts={f"{p.tag} {name}": text for p in self.plants for name, text in (p.texts | p.stems).items()},
            days={f"{p.tag} {name}": day for p in self.plants for name, day in p.days.items()},
            numbers={f"{p.tag} {name}": number for p in self.plants for name, number in p.numbers.items()}
            | {"somebody else's risk": RISK},
            unmistakable={f"{p.tag} {name}": number for p in self.plants for name, number in p.unmistakable.items()},
        )

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW")}
        environment |= {"TMPDIR": str(self.root / "tmp"), "HOME": str(self.root / "home"), KEY_VARIABLE: "k" * 40}
        return subprocess.Popen(
            [sys.executable, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=self.root, env=environment, start_new_session=True,
        )  # fmt: skip

    def call(self, *command: str | Path, ends: tuple[int, ...] = (0, 3)) -> str:
        """Run a command as its user would, and keep what it says."""
        began = time.monotonic()
        with self.start(*command) as running:
            said = "".join(running.communicate(timeout=300))
        assert running.returncode in ends, said
        name = " ".join(map(str, command[1:4]))
        self.printed[name] = said
        self.seconds[name] = time.monotonic() - began
        return said

    def spinerisk(self, *arguments: str | Path, ends: tuple[int, ...] = (0, 3)) -> str:
        return self.call("-m", "spinerisk", *arguments, ends=ends)

    def search(self, wanted: Wanted) -> Search:
        """Search all that the program made and said, private folders and what it was given left out."""
        search = search_folder(self.root, wanted, leave_out=self._is_left_out)
        for name, text in self.printed.items():
            search.add_text(text, f"printed by {name}")
        return search

    def _is_left_out(self, path: Path) -> bool:
        """Whether it was given, or lies in the private folder of a run; one of another place is searched."""
        parts = path.relative_to(self.root).parts
        return parts[0] == "given" or (parts[0] == "runs" and parts[2:3] == (PRIVATE,))


def make_world(root: Path) -> World:
    """Write the planted registries, their definitions, the studies and predictions of somebody else."""
    world = World(root)
    given = world.given
    world.plants = (
        plant(given / "simulated", 21, "dev", n=320, first=date(2009, 3, 17), last=date(2024, 7, 19)),
        plant(given / "simulated", 22, "later", n=220, first=date(2010, 4, 18), last=date(2025, 8, 23)),
    )
    for made, identifiers in zip(world.plants, (HIDDEN, SHOWN), strict=True):
        made.table.to_csv(given / f"{made.tag}.csv", index=False)
        (given / f"{made.tag}.toml").write_text(DEFINITION + identifiers)
    (given / "large.toml").write_text(LARGE)
    (given / "small.toml").write_text(SMALL)
    (given / "timed.toml").write_text(TIMED)
    rng = np.random.default_rng(1)
    risks = rng.uniform(0.05, 0.9, 200).round(3)
    table = pd.DataFrame(
        {"patient": [f"p{row}" for row in range(200)], "y_prob": risks, "y_true": rng.random(200) < risks}
    )
    table.loc[7, ["patient", "y_prob"]] = [next(iter(world.plants[0].texts.values())), RISK]
    table.assign(y_true=table["y_true"].astype(int)).to_csv(given / "predictions.csv", index=False)
    return world


def work(world: World) -> None:
    """Do what people do with their data, one command after the other."""
    given, runs = world.given, world.runs
    data, later = given / "dev.csv", given / "later.csv"
    read, read_later = given / "dev.toml", given / "later.toml"
    world.spinerisk("check", data, "--definition", read)
    world.spinerisk(
        "thresholds", data, "--definition", read, "--instrument", "odi", "--follow-up", "odi_12m", "--anchor",
        "gpe_12m", "--improved", "1,2", "--minimal", "2", "--out", world.root / "own.toml",
    )  # fmt: skip
    world.spinerisk(
        "run", given / "large.toml", "--data", data, "--validate-on", f"{later}={read_later}", "--workers", "1"
    )
    world.spinerisk("run", given / "small.toml", "--data", data, "--workers", "1", "--json")
    world.spinerisk("run", given / "timed.toml", "--data", data, "--workers", "2", "--quiet")
    world.spinerisk("validate", runs / "large", later, "--definition", read_later)
    world.spinerisk("audit", runs / "large", "--by", "site", "--format", "html")
    world.spinerisk(
        "audit", runs / "timed", later, "--definition", read_later, "--by", "sex", "--out", runs / "timed_audit",
        "--format", "html",
    )  # fmt: skip
    world.spinerisk("tripod", runs / "large", "--out", world.root / "answers.toml")
    world.spinerisk(
        "report", runs / "large", "--answers", world.root / "answers.toml", "--only", "report", "--format", "docx"
    )
    world.spinerisk("log", runs / "small", "--to", f"sqlite:///{world.root / 'store.db'}")
    bundle = runs / "large" / "models" / "any_complication_30d" / "xgboost"
    world.spinerisk("predict", bundle, later, "--out", given / "risks.csv", ends=(0, 2, 3))
    world.spinerisk("evaluate", given / "predictions.csv", "--thresholds", "0.2", "--out", world.root / "numbers.csv")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    """Return the planted files, with which nothing has been done yet, and who is planted in them."""
    made = make_world(tmp_path_factory.mktemp("given") / "world")
    return made.given, made.plants


@pytest.fixture(scope="module")
def world(given: Given, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = copy_given(given, tmp_path_factory.mktemp("privacy"))
    work(made)
    return made


def copy_given(given: Given, folder: Path) -> World:
    files, plants = given
    world = World(folder / "world", plants)
    shutil.copytree(files, world.given, dirs_exist_ok=True)
    return world


def tell(findings: list[Finding]) -> str:
    return "\n".join(sorted({f"{one.what}: {one.where}" for one in findings}))


def test_nothing_of_a_planted_patient_is_found_outside_private(world: World) -> None:
    search = world.search(world.wanted)
    assert search.files > 300
    assert not search.findings, tell(search.findings)


def test_only_the_private_folders_of_runs_are_left_out(tmp_path: Path) -> None:
    world = World(tmp_path)
    for name in ("given/a", "runs/a/private/b", "runs/a/mlflow/private/b", "runs/a/share/private/b", "tmp/private/b"):
        path = world.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".txt").write_text("a planted text")
    found = {one.where for one in world.search(Wanted(texts={"planted": "a planted text"})).findings}
    assert found == {"runs/a/mlflow/private/b.txt", "runs/a/share/private/b.txt", "tmp/private/b.txt"}


def test_what_was_planted_is_found_in_private(world: World) -> None:
    found = {one.what for one in search_folder(world.runs / "check" / PRIVATE, world.wanted).findings}
    faulty = {name for name in world.plants[0].numbers if name.startswith("faulty")}
    assert {f"dev {name}" for name in faulty} <= found, "rows at fault are kept as they came"
    assert {"dev faulty sex", "dev faulty remarks"} <= found
    assert not {"dev faulty patient", "dev faulty patient_name", "dev faulty e_mail"} & found, "hidden before"
    found = {one.what for one in search_folder(world.runs / "large_on_later" / PRIVATE, world.wanted).findings}
    assert {"later clean patient", "later lowest patient", "later highest odi_12m", "later lonely patient"} <= found


def read_predicted(world: World) -> tuple[set[str], dict[str, float]]:
    """Return who stands in private tables, and every number of many digits that is told of fewer than five rows.

    Not of them: shares of a count of patients, such as 7/59; and what the invented patients get on whom a bundle is
    checked, since a model of few steps gives them what it gives others.
    """
    paths = [path for path in world.runs.rglob("*.parquet") if PRIVATE in path.parts and "quarantine" not in path.name]
    frames = [pd.read_parquet(path) for path in paths]
    numbers = [frame[name].dropna() for frame in frames for name in frame if frame[name].dtype == np.float64]
    values, counts = np.unique(np.concatenate(numbers), return_counts=True)
    checks = [json.loads(path.read_text())["check"]["predicted"] for path in world.runs.rglob("models/*/*/bundle.json")]
    invented = {value for check in checks for column in check.values() for value in column}
    told = {
        repr(value): value
        for value in values[counts < 5].tolist()
        if abs(value) > 1e-6 and value not in invented and abs(Fraction(value).limit_denominator(500) - value) > 1e-12
    }
    patients = {str(name) for frame in frames if "patient" in frame for name in frame["patient"]}
    return patients, told


def test_no_prediction_or_pseudonym_of_any_patient_is_found_outside_private(world: World) -> None:
    patients, numbers = read_predicted(world)
    pseudonyms = {name: name for name in patients if len(name) == PSEUDONYM_DIGITS}
    assert len(pseudonyms) > 250
    assert len(numbers) > 5000
    search = world.search(Wanted(texts=pseudonyms, numbers=numbers, least_digits=9))
    assert not search.findings, tell(search.findings)


def test_private_folders_are_marked_and_closed(world: World) -> None:
    folders = sorted(path for path in world.root.rglob(PRIVATE) if path.is_dir())
    assert [folder.parent.name for folder in folders] == [
        "check",
        "large",
        "large_on_later",
        "small",
        "timed",
        "timed_audit",
    ]
    for folder in folders:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "README.txt").read_text() == PRIVATE_NOTE
        assert (folder / ".gitignore").read_text() == "*\n"


def test_git_takes_nothing_of_a_private_folder(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.runs / "check", tmp_path / "check")
    git = ["git", "-C", str(tmp_path / "check")]
    subprocess.run([*git, "init", "--quiet"], check=True)
    listed = subprocess.run([*git, "add", "--dry-run", "."], capture_output=True, text=True, check=True)
    assert "faults.csv" in listed.stdout
    assert PRIVATE not in listed.stdout


def test_nothing_is_left_in_the_temporary_folder(world: World) -> None:
    assert list((world.root / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("module", "name", "workers"), [("pandas", "DataFrame.to_parquet", "1"), ("lightgbm", "train", "2")]
)
def test_a_run_that_breaks_says_nothing_of_a_patient(
    given: Given, tmp_path: Path, module: str, name: str, workers: str
) -> None:
    world = copy_given(given, tmp_path)
    made = world.plants[0]
    study = SMALL.replace('"multiple"', '"chained"').replace("elastic_net", "lightgbm")
    (world.given / "small.toml").write_text(study.replace("resamples = 3\nstability = true", "resamples = 0"))
    quoted = " ".join([*made.texts.values(), *map(str, made.days.values()), *map(str, made.numbers.values())])
    (world.given / "broken.py").write_text(BROKEN.format(module=module, name=name, text=quoted))
    said = world.call(
        world.given / "broken.py", "run", world.given / "small.toml", "--data", world.given / "dev.csv", "--workers",
        workers, ends=(70,),
    )  # fmt: skip
    assert "internal error: ValueError" in said
    search = world.search(world.wanted)
    assert not search.findings, tell(search.findings)
    assert not world.runs.exists() or list(world.runs.iterdir()) == []
    assert list((world.root / "tmp").iterdir()) == []


def test_an_interrupted_run_says_and_leaves_nothing_of_a_patient(given: Given, tmp_path: Path) -> None:
    world = copy_given(given, tmp_path)
    (world.given / "large.toml").write_text(LARGE.replace("trials = 1", "trials = 100"))
    arguments = ("run", world.given / "large.toml", "--data", world.given / "dev.csv", "--workers", "2")
    with world.start("-m", "spinerisk", *arguments) as running:
        assert running.stderr is not None
        first = running.stderr.readline()
        time.sleep(1)
        os.killpg(running.pid, signal.SIGINT)
        world.printed["run"] = first + "".join(running.communicate(timeout=60))
    assert running.returncode == 130
    assert "interrupted" in world.printed["run"]
    search = world.search(world.wanted)
    assert not search.findings, tell(search.findings)
    assert not world.runs.exists() or list(world.runs.iterdir()) == []
    assert list((world.root / "tmp").iterdir()) == []
