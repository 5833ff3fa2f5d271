"""Tasks in several processes: the same results, and an interrupt that leaves no traceback."""

from __future__ import annotations

import operator
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.executors import run_tasks

PROGRAM = """
import sys
import time

{slow_import}

from pipelines.executors import run_tasks


def wait(shared, task):
    time.sleep(60)


if __name__ == "__main__":
    print("started", file=sys.stderr, flush=True)
    try:
        list(run_tasks(wait, {shared}, [1, 2, 3], workers=2))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr, flush=True)
        sys.exit(130)
"""


def test_workers_give_what_one_process_gives() -> None:
    alone, shared = (dict(run_tasks(operator.add, 10, [1, 2, 3], workers=n)) for n in (1, 2))
    assert alone == shared == {0: 11, 1: 12, 2: 13}


INTERRUPTED_AT_START = """
import operator
import os
import signal

from pipelines.executors import run_tasks

if __name__ == "__mp_main__":
    os.kill(os.getpid(), signal.SIGINT)

if __name__ == "__main__":
    print(sorted(run_tasks(operator.add, 10, [1, 2, 3], workers=2)))
    print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""


@pytest.mark.skipif(os.name == "nt", reason="process groups and signals of POSIX")
def test_an_interrupt_does_not_reach_a_worker_that_still_imports(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(INTERRUPTED_AT_START)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, env=environment, timeout=100, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "[(0, 11), (1, 12), (2, 13)]\nset()\n"


BYSTANDER = """
import threading

threading.Thread(target=time.sleep, args=(99,), daemon=True).start()
"""
"""As numerical libraries start them: a thread that may take a signal which the main thread holds back."""


@pytest.mark.skipif(os.name == "nt", reason="process groups and signals of POSIX")
@pytest.mark.parametrize("slow_import", ["time.sleep(1)", "time.sleep(1)" + BYSTANDER])
@pytest.mark.parametrize("shared", ["1", "b'x' * 10_000_000"])
@pytest.mark.parametrize("delay", [0.0, 0.7, 1.5, 4.0])
def test_an_interrupt_of_the_whole_group_leaves_no_traceback(
    tmp_path: Path, delay: float, shared: str, slow_import: str
) -> None:
    """At a terminal Ctrl-C reaches parent and workers at once, also while the workers still import."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(slow_import=slow_import, shared=shared))
    command = [sys.executable, str(program)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment
    ) as running:
        assert running.stderr is not None
        assert running.stderr.readline() == "started\n"
        time.sleep(delay)
        started = time.monotonic()
        os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=60)[1]
    assert said == "interrupted\n"
    assert running.returncode == 130
    assert time.monotonic() - started < 30
