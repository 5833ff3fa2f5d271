"""A simulation as files: what is written, what it is read back as, and what is refused."""

from pathlib import Path

import pandas as pd
import pytest

from schemas.errors import InputError
from schemas.registry import read_registry
from schemas.simulation.scenario import Scenario
from schemas.synthetic import simulate_registry
from spinerisk.simulating import write_simulation


def test_a_simulation_is_written_as_files_that_are_read_back(tmp_path: Path) -> None:
    scenario = Scenario(missing="none", response="complete", sites="alike", drift="none")
    data, definition, truth = write_simulation("cervical", n=150, seed=3, out=tmp_path / "a" / "b", scenario=scenario)
    registry = read_registry(data, definition)
    expected = simulate_registry(
        "cervical", n=150, seed=3, missing="none", response="complete", sites="alike", drift="none"
    )
    pd.testing.assert_frame_equal(registry.frame, expected.frame, check_exact=True)
    assert registry.synthetic
    pd.testing.assert_frame_equal(pd.read_csv(truth, dtype={"row_id": "str"}), expected.truth)


def test_the_same_seed_gives_the_same_bytes_and_is_not_written_over_another(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_simulation("lumbar", n=50, seed=1, out=tmp_path)]
    with pytest.raises(InputError, match=r"must not hold a simulation already, got lumbar\.csv, lumbar_d"):
        write_simulation("lumbar", n=50, seed=2, out=tmp_path)
    again = [path.read_bytes() for path in write_simulation("lumbar", n=50, seed=1, out=tmp_path, overwrite=True)]
    assert first == again


def test_a_file_is_no_folder_and_an_unknown_cohort_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="must be a folder, got a file; choose another"):
        write_simulation("lumbar", n=5, seed=1, out=tmp_path / "file")
    with pytest.raises(InputError, match="a simulated cohort must be a known name, got 'thoracic'"):
        write_simulation("thoracic", n=5, seed=1, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_is_not_called_like_a_file(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"must not be called like a file, got .*reg\.csv'; name a folder, such as .*reg'"
    ):
        write_simulation("lumbar", n=5, seed=1, out=tmp_path / "reg.csv")
    assert not list(tmp_path.iterdir())
