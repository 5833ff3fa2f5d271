"""Where tasks run: in this process, or in several local processes. The results are the same to the byte."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")

HELD_BACK = (signal.SIGINT, signal.SIGTERM)
"""What ends a run; both raise `KeyboardInterrupt` where the command line has started it."""

SECONDS_TO_STOP = 10

_shared: dict[str, Any] = {}
"""What every task of this worker process reads; set once when the worker starts."""


def run_tasks(
    work: Callable[[Shared, Task], Result], shared: Shared, tasks: Sequence[Task], *, workers: int
) -> Iterator[tuple[int, Result]]:
    """Run tasks and yield each result with its position, as they finish.

    Parameters
    ----------
    work
        Function of the shared data and one task; importable by name.
    shared
        Data that all tasks read, sent to each worker once.
    tasks
        What to do; the costliest first keeps workers busy at the end.
    workers
        Number of local processes; 1 works in this process.

    Notes
    -----
    Every process uses one thread: nested threads would be slower, and would change the order of sums.
    Closing the iterator early, as an interrupt does, stops the workers.
    """
    if not tasks:
        return
    if workers <= 1:
        with threadpool_limits(limits=1):
            for position, task in enumerate(tasks):
                yield position, work(shared, task)
        return
    # A forked child inherits the locks of the boosting libraries' threads and may hang: workers start afresh.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        min(workers, len(tasks)), mp_context=context, initializer=_start_worker, initargs=(shared,)
    )
    finished = False
    try:
        waiting = {_submit(pool, work, task): position for position, task in enumerate(tasks)}
        yield from _as_finished(waiting)
        finished = True
    finally:
        if finished:
            pool.shutdown()
        else:
            _stop(pool)


def _submit(pool: ProcessPoolExecutor, work: Callable[[Any, Task], Result], task: Task) -> Future[Result]:
    with _holding_interrupts():
        return pool.submit(_work, work, task)


@contextmanager
def _holding_interrupts() -> Iterator[None]:
    """Hold back an interrupt until the end of the block, where it is raised as ever.

    A pool starts its workers while tasks are handed in. A worker inherits that interrupts are held back, so that one
    that comes while it still imports leaves no traceback; the parent, which is interrupted as well, stops it. It can
    only stop workers that the pool knows: were it interrupted between the start of one and its registration, that one
    would stay for ever, with all patients in its memory.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    # The mask alone does not hold back the parent: a thread of a numerical library may take the signal for it. Only in
    # the main thread can that be prevented, and only there does it interrupt anything.
    held = HELD_BACK if threading.current_thread() is threading.main_thread() else ()
    handlers = {one: signal.getsignal(one) or signal.SIG_DFL for one in held}
    came: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
        for one in held:
            signal.signal(one, lambda number, _: came.append(number))
        # Not SIGTERM: a worker that inherits the mask is to hear when it is stopped.
        signal.pthread_sigmask(signal.SIG_SETMASK, before | {signal.SIGINT})
        yield
    finally:
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
            _set_again(handlers)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            for number in came:
                signal.raise_signal(number)


def _set_again(handlers: Mapping[signal.Signals, Any]) -> None:
    """Set all handlers; an interrupt that another thread takes in between is raised when that is done."""
    late: KeyboardInterrupt | None = None
    while any(signal.getsignal(one) != handler for one, handler in handlers.items()):
        try:
            for one, handler in handlers.items():
                signal.signal(one, handler)
        except KeyboardInterrupt as interrupt:
            late = interrupt
    if late is not None:
        raise late


def _as_finished(waiting: dict[Future[Result], int]) -> Iterator[tuple[int, Result]]:
    while waiting:
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            yield waiting.pop(future), future.result()


def _stop(pool: ProcessPoolExecutor) -> None:
    processes = list((pool._processes or {}).values())
    manager: Any = pool._executor_manager_thread
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    if manager is not None:
        # Without workers it ends at once; were the interpreter to end meanwhile, both would close the same pipe.
        manager.join(SECONDS_TO_STOP)


def _start_worker(shared: Any) -> None:
    # An interrupt is the parent's to handle: it stops the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _shared["data"] = shared


def _work(work: Callable[[Any, Any], Result], task: Any) -> Result:
    with threadpool_limits(limits=1):
        return work(_shared["data"], task)
