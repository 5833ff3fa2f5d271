"""How `spinerisk check` grows with the file: the whole command on two files, one 20 times the other.

    python benchmarks/check_scale.py --rows 20000 --times 20 --columns 60

The files are made by `registry_scale.py`'s generator first, and that is not timed. Starting Python is timed apart.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

GENERATOR = Path(__file__).with_name("registry_scale.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--columns", type=int, default=60)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        seconds = {}
        for n in (asked.rows, asked.rows * asked.times):
            data = Path(folder) / f"{n}.parquet"
            made = [
                sys.executable,
                str(GENERATOR),
                "--rows",
                str(n),
                "--columns",
                str(asked.columns),
                "--make",
                str(data),
            ]
            subprocess.run(made, check=True)
            seconds[n] = check(data, Path(folder) / f"check_{n}")
            print(f"{n} rows: {seconds[n]:.1f} s")
    small, large = seconds.values()
    print(f"{asked.times} times the rows take {large / small:.1f} times as long")


def check(data: Path, out: Path) -> float:
    """Return the seconds of the whole command, without the start of Python and its libraries."""
    command = [sys.executable, "-m", "spinerisk", "check", str(data), "--definition", "lumbar", "--out", str(out), "-q"]
    started = time.perf_counter()
    ended = subprocess.run(command, check=False)
    seconds = time.perf_counter() - started
    if ended.returncode != 3:
        raise SystemExit(f"the check must end with 3 (rows in quarantine), got {ended.returncode}")
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import spinerisk.checking"], check=True)
    return seconds - (time.perf_counter() - started)


if __name__ == "__main__":
    main()
