"""``spinerisk audit``: of a run by its declared groups, of locked models on other data; what needs a person."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from audit_world import HIDDEN_SITES, simulate, write_world
from typer.testing import CliRunner

from pipelines.run import run_study
from pipelines.run_folder import write_run
from reports.run_folder import read_run_folder
from schemas.errors import InputError, RunError, StudyError
from schemas.study import parse_study
from schemas.synthetic import simulate_registry, write_synthetic
from spinerisk.auditing import Audit, audit_run, needs_a_person, split_names
from spinerisk.cli import app
from spinerisk.exit_codes import DONE, NEEDS_A_PERSON, UNUSABLE_INPUT

RUN = CliRunner()
PLAN = """
title = "to be audited"
definition = "lumbar"
seed = 5
outcomes = ["any_complication_30d"]
predictors = ["age", "asa_class", "odi_0"]
models = []
subgroups = ["sex"]
[split]
outer_folds = 2
inner_folds = 2
[bootstrap]
resamples = 0
[tuning]
trials = 1
[threshold_probabilities.any_complication_30d]
values = [0.1]
action = "closer follow-up"
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(tmp_path_factory.mktemp("runs") / "one", simulate())


@pytest.fixture(scope="module")
def audited(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return audit_run(world, by=("site",), out=tmp_path_factory.mktemp("audit") / "new", formats=("html",))


def test_names_are_split_at_commas() -> None:
    assert split_names(" sex,age , sex,") == ("sex", "age")
    assert split_names("") == ()


def test_page_and_data_are_written_where_asked(audited: Audit) -> None:
    names = {path.relative_to(audited.folder).as_posix() for path in audited.written}
    assert {"audit.html", "audit.csv", "audit.json"} <= names
    assert not [name for name in names if name.endswith((".pdf", ".docx"))]
    assert all((audited.folder / name).is_file() for name in names)
    table = pd.read_csv(audited.folder / "audit.csv", keep_default_na=False)
    assert set(table["subgroup"]) == {"site"}
    page = (audited.folder / "audit.html").read_text(encoding="utf-8")
    assert "Signatures" in page


def test_command_says_each_conclusion_and_what_needs_a_person(world: Path, tmp_path: Path) -> None:
    done = RUN.invoke(
        app, ["audit", str(world), "--by", "site", "--out", str(tmp_path / "a"), "--format", "html", "--json"]
    )
    assert done.exit_code == NEEDS_A_PERSON, done.output
    told = json.loads(done.stdout)
    rows = next(rows for title, rows in told["conclusions"].items() if "splines" in title and "internal" in title)
    found = {row["group"]: row for row in rows}
    assert found["Site A"]["conclusion"] == "outside the margin"
    assert re.fullmatch(r"\d\.\d\d \(\d\.\d\d to \d\.\d\d\)", found["Site A"]["gap"])
    for site in HIDDEN_SITES:
        own = found[f"Site {site}"]
        assert (own["n"], own["events"], own["gap"], own["conclusion"]) == ("", "", "", "suppressed")
    assert told["margin"] == "0.2 (log-odds)"
    assert str(tmp_path / "a" / "audit.json") in told["written"]


def test_a_person_is_needed_but_for_equivalent_and_inconclusive_groups(audited: Audit) -> None:
    assert needs_a_person(audited)
    fine = [replace(one, conclusion=name) for one in audited.judgements[:2] for name in ("equivalent", "inconclusive")]
    assert not needs_a_person(replace(audited, judgements=tuple(fine)))
    for name in ("outside", "not assessable", "not informative internally", "suppressed"):
        assert needs_a_person(replace(audited, judgements=(*fine, replace(fine[0], conclusion=name))))


@pytest.mark.slow
def test_all_groups_equivalent_end_with_done(tmp_path: Path) -> None:
    folder = write_world(tmp_path / "run", simulate(site="A", sex="female"))
    gaps = pd.read_csv(folder / "share" / "gaps.csv", keep_default_na=False, dtype=str)
    gaps = gaps[gaps["subgroup"] == "age"].assign(conclusion="equivalent")
    gaps.to_csv(folder / "share" / "gaps.csv", index=False)
    arguments = ["audit", str(folder), "--by", "age", "--out", str(tmp_path / "a"), "--format", "html", "-q"]
    done = RUN.invoke(app, arguments)
    assert done.exit_code == DONE, done.output
    assert done.output == ""


def test_groups_that_were_not_declared_are_refused(world: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"got 'bmi'.*groups are declared in the study plan"):
        audit_run(world, by=("bmi",), out=tmp_path)
    done = RUN.invoke(app, ["audit", str(world), "--by", "bmi", "--out", str(tmp_path)])
    assert done.exit_code == UNUSABLE_INPUT
    assert not list(tmp_path.iterdir())


def test_unknown_formats_and_folders_are_refused_before_any_work(world: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a format must be a known name, got 'odt'"):
        audit_run(world, by=(), out=tmp_path, formats=("odt",))
    with pytest.raises(RunError, match="a finished run must be given"):
        audit_run(tmp_path, by=())
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="the output folder must be writable"):
        audit_run(world, by=("sex",), out=tmp_path / "file", formats=("html",))


def test_a_plan_without_groups_is_refused(world: Path, tmp_path: Path) -> None:
    record = json.loads((world / "run.json").read_text(encoding="utf-8"))
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("study.toml", "definition.toml"):
        (bare / name).write_text((world / name).read_text(encoding="utf-8"), encoding="utf-8")
    (bare / "share").symlink_to(world / "share")
    (bare / "run.json").write_text(json.dumps(record | {"study": record["study"] | {"subgroups": []}}))
    with pytest.raises(StudyError, match="a study must declare groups to be audited, got none"):
        audit_run(bare, by=(), out=tmp_path / "a")


@pytest.mark.slow
def test_locked_models_are_audited_on_other_data_by_groups_named_beforehand(tmp_path: Path) -> None:
    study = parse_study(PLAN, folder=Path())
    (tmp_path / "run").mkdir()
    write_run(run_study(study, simulate_registry("lumbar", n=900, seed=21)), tmp_path / "run")
    data = write_synthetic(simulate_registry("lumbar", n=900, seed=22), tmp_path)
    bundle = tmp_path / "run" / "models" / "any_complication_30d" / study.reference
    with pytest.raises(RunError, match="a single model is audited on data that it was not developed on"):
        audit_run(bundle, by=())
    out = tmp_path / "elsewhere"
    arguments = ["audit", str(bundle), str(data), "--by", "sex,site", "--out", str(out), "--format", "html", "--json"]
    done = RUN.invoke(app, arguments)
    assert done.exit_code in (DONE, NEEDS_A_PERSON), done.output
    told = json.loads((out / "share" / "audit.json").read_text(encoding="utf-8"))
    assert told["groups"] == ["sex", "site"]
    assert [target["target"] for target in told["target"]] == ["locked models"]
    assert {one["subgroup"] for one in told["conclusions"]} == {"sex", "site"}
    facts = read_run_folder(out).facts
    assert facts.bundles[0].sha256 in told["hashes"].values()
    assert facts.data[0].fingerprint in told["hashes"].values()
    page = (out / "share" / "audit.html").read_text(encoding="utf-8")
    assert "each bundle as it was written" in page
    refused = RUN.invoke(app, ["audit", str(bundle), str(data), "--by", "bmi", "--out", str(tmp_path / "no")])
    assert refused.exit_code == UNUSABLE_INPUT
    assert not (tmp_path / "no").exists()
