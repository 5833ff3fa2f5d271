"""Tasks in several processes: the same results, and an interrupt that leaves no traceback."""

from __future__ import annotations

import operator
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.executors import HELD_BACK, _holding_interrupts, run_tasks

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


@pytest.fixture
def interrupt_by_thread() -> Iterator[Callable[[signal.Signals], None]]:
    """Return what lets a thread take a signal, one that does not hold it back; SIGTERM interrupts as in a run."""
    wishes: list[signal.Signals] = []
    go, done = threading.Event(), threading.Event()

    def take() -> None:
        go.wait(60)
        for number in wishes:
            signal.raise_signal(number)
        done.set()

    def ask(number: signal.Signals) -> None:
        wishes.append(number)
        go.set()
        done.wait(60)

    before = {one: signal.getsignal(one) for one in HELD_BACK}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    bystander = threading.Thread(target=take)
    bystander.start()
    yield ask
    go.set()
    bystander.join()
    for one, handler in before.items():
        signal.signal(one, handler)


def read_signals() -> tuple[object, ...]:
    return (*map(signal.getsignal, HELD_BACK), signal.pthread_sigmask(signal.SIG_BLOCK, []))


POSIX = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@POSIX
@pytest.mark.parametrize("number", HELD_BACK)
def test_an_interrupt_is_not_lost_when_the_block_fails(
    number: signal.Signals, interrupt_by_thread: Callable[[signal.Signals], None]
) -> None:
    def fail(*came: signal.Signals) -> None:
        for one in came:
            interrupt_by_thread(one)
        raise OSError("a worker has died")

    before = read_signals()
    with pytest.raises(KeyboardInterrupt), _holding_interrupts():
        fail(number)
    assert read_signals() == before
    with pytest.raises(OSError, match="has died"), _holding_interrupts():
        fail()
    assert read_signals() == before


@POSIX
@pytest.mark.parametrize("by_thread", [False, True])
@pytest.mark.parametrize("number", HELD_BACK)
@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_an_interrupt_between_the_settings_of_handlers_is_raised_and_leaves_none(
    call: int,
    number: signal.Signals,
    interrupt_by_thread: Callable[[signal.Signals], None],
    monkeypatch: pytest.MonkeyPatch,
    *,
    by_thread: bool,
) -> None:
    """The first two calls hold signals back, the others give them free again."""
    before, calls, own = read_signals(), [], signal.signal

    def set_and_interrupt(one: signal.Signals, handler: Callable[..., object]) -> object:
        replaced = own(one, handler)
        calls.append(one)
        if len(calls) == call:
            (interrupt_by_thread if by_thread else signal.raise_signal)(number)
        return replaced

    monkeypatch.setattr(signal, "signal", set_and_interrupt)
    with pytest.raises(KeyboardInterrupt), _holding_interrupts():
        pass
    monkeypatch.undo()
    assert len(calls) >= 4 or by_thread
    assert read_signals() == before
