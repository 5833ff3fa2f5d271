"""Thresholds from one's own data at the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from own_thresholds import LUMBAR, OWN, derive_own, make_table

from schemas.definition import parse_definition
from schemas.errors import RunError, StudyError
from schemas.tables import OWN_THRESHOLDS
from spinerisk.thresholds import write_thresholds


def spinerisk(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spinerisk", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("thresholds")
    make_table().to_csv(folder / "old.csv", index=False)
    (folder / "mine.toml").write_text(LUMBAR + OWN, encoding="utf-8")
    return folder / "old.csv"


def test_command_writes_what_it_prints(data: Path, tmp_path: Path):
    out = tmp_path / "new" / "mine.toml"
    done = spinerisk(
        "thresholds", data, "--definition", data.with_name("mine.toml"), "--instrument", "odi", "--baseline", "odi_0",
        "--follow-up", "odi_12m", "--anchor", "gpe_12m", "--improved", "1,2", "--repeat", "odi_again",
        "--anchor-reliability", "0.7", "--seed", "1", "--out", out, "--json",
    )  # fmt: skip
    assert done.stderr == ""
    said = json.loads(done.stdout)
    # 300 patients leave fewer than 50 on a side of some third
    assert (done.returncode, bool(said["warnings"])) == (3, True)
    table = pd.read_csv(out.with_suffix(".csv"))
    assert tuple(table.columns) == OWN_THRESHOLDS
    assert len(table) == len(said["thresholds"])
    assert {"sem_repeat", "sem_items", "predictive_adjusted_2022"} <= set(table["method"])
    sets = parse_definition(LUMBAR + OWN + out.read_text(encoding="utf-8")).threshold_sets
    by_name = {made.name: made for made in sets}
    cut = table.set_index(["group", "method"]).loc[("overall", "roc_youden"), "estimate"].item()
    assert by_name["own_odi_roc_youden"].thresholds[0].value == pytest.approx(cut, rel=1e-3)
    assert by_name["own_odi_mdc95_repeat"].purpose == "measurement_error"


def test_command_says_when_nothing_needs_a_person(data: Path, tmp_path: Path):
    out = tmp_path / "mine.toml"
    done = spinerisk(
        "thresholds", data, "--definition", data.with_name("mine.toml"), "--instrument", "odi", "--out", out
    )
    assert done.returncode == 0, done.stderr
    assert "half_sd" in done.stdout
    assert "warning" not in done.stdout
    assert "roc_youden" not in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--follow-up", "odi_12n"), "must be in the data, got 'odi_12n'; nearest is 'odi_12m'"),
        (("--instrument", "odo"), "the instrument must be a known name, got 'odo'; nearest is 'odi'"),
        (("--basline", "odi_0"), "No such option"),
        (("--seed", "one"), "Invalid value for"),
    ],
)
def test_command_refuses(data: Path, tmp_path: Path, options: tuple[str, ...], message: str):
    done = spinerisk(
        "thresholds", data, "--definition", "lumbar", "--instrument", "odi", "--out", tmp_path / "t.toml", *options
    )
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_replaced(tmp_path: Path) -> None:
    found = derive_own()
    first = write_thresholds(found, tmp_path / "mine.toml")
    text = Path(first["definition"]).read_bytes()
    with pytest.raises(StudyError, match=r"must not replace a file, got '.*mine\.toml'; name another"):
        write_thresholds(found, tmp_path / "mine.toml")
    with pytest.raises(StudyError, match=r"must be written to a TOML file, got '.*mine\.csv'"):
        write_thresholds(found, tmp_path / "mine.csv")
    write_thresholds(found, tmp_path / "again.toml")
    assert (tmp_path / "again.toml").read_bytes() == text
    (tmp_path / "letter").write_text("a letter")
    with pytest.raises(RunError, match="the folder of the thresholds must be writable"):
        write_thresholds(found, tmp_path / "letter" / "mine.toml")
