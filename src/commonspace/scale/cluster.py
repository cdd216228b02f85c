"""The cluster: joining it, or starting one on this machine, and running work on it until all of it is done."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from copy import deepcopy
from socket import create_connection
from typing import Any

from commonspace.errors import CommonspaceError, InputError, MissingPackageError, ParameterError
from commonspace.progress import progress
from commonspace.threads import cpu_threads

AHEAD = 2
"""Tasks that wait for each processor: enough that none is idle, few enough that a million do not lie in memory."""

REACH_SECONDS = 10.0
"""How long the cluster is given to answer at all."""

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # it would report to its makers
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what a warning asks for
}
"""What Ray takes from the environment only, where the user has not set it."""


def require_ray() -> Any:
    """The package ray.

    Raises:
        MissingPackageError: If it is not installed.
    """
    try:
        import ray
        import ray.data
        import ray.exceptions
        import ray.train
    except ImportError as error:
        raise MissingPackageError(
            "scale: work on many machines needs Ray: pip install 'commonspace[ray]', on each of them."
        ) from error
    return ray


@contextmanager
def connected(address: str | None = None) -> Iterator[Any]:
    """Joins a cluster for the block; one that the process has joined already is used and stays.

    Args:
        address: Of the cluster: "auto" on one of its machines, or "HOST:PORT". None starts a cluster of this machine
            alone, and ends it with the block.

    Yields:
        The package ray.

    Raises:
        MissingPackageError: If Ray is not installed.
        InputError: If there is no cluster at the address.
    """
    ray = require_ray()
    with warnings.catch_warnings():
        # Of its own defaults, and of how lance-ray uses it.
        warnings.filterwarnings("ignore", module=r"ray\.|ray$|lance")
        if ray.is_initialized():
            yield ray
        else:
            with _joined(ray, address):
                yield ray


@contextmanager
def _joined(ray: Any, address: str | None) -> Iterator[None]:
    """Joins a cluster, or starts one, for the block."""
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        with warnings.catch_warnings(), _environment(_SETTINGS):
            warnings.simplefilter("ignore")
            if address is None:
                ray.init(address="local", num_cpus=cpu_threads(), include_dashboard=False, **quiet)
            else:
                _reach(address)
                ray.init(address=address, **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"address {address!r}: no cluster answers there ({(str(error).splitlines() or [''])[0]}). Start one with: "
            "ray start --head; or leave the address out for a cluster of this machine alone."
        ) from error
    try:
        with redirect_stdout(sys.stderr):  # where Ray tells of lost machines, and results are not
            yield
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Raises OSError where nobody answers: Ray would go on trying for ten minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon and port.isdigit():
        with create_connection((host, int(port)), timeout=REACH_SECONDS):
            pass


def processors(ray: Any) -> int:
    """How many processors the cluster has at this moment."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Sets what is not set in the environment, for the block."""
    added = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def quieten(ray: Any) -> None:
    """Keeps bars and notes of Ray Data from the terminal."""
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def check_workers(workers: int | None) -> None:
    """Raises where the number of workers is none."""
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise ParameterError(f"workers: expected a whole number of at least 1, or None, got {workers!r}.")


def run_tasks(
    ray: Any,
    function: Callable[..., Any],
    shared: tuple[Any, ...],
    numbers: Sequence[int],
    *,
    description: str,
    units: Callable[[int], int] = lambda number: 1,
    unit: str = "items",
    workers: int | None = None,
) -> dict[int, Any]:
    """Calls a function once for each number, somewhere on the cluster; what was on a lost machine is done again.

    Args:
        ray: The package.
        function: Takes a number, and then what is shared.
        shared: What every call is given; it is sent once.
        numbers: In the order in which they are begun.
        description: What progress says.
        units: How many units of progress a number is.
        unit: What is counted.
        workers: At most so many at once; None takes all processors.

    Returns:
        Number -> result, in the order of `numbers`, whichever was finished first.

    Raises:
        CommonspaceError: What a call raised.
    """
    remote = ray.remote(num_cpus=1, max_retries=-1)(one_thread(function))
    sent = [ray.put(value) for value in shared]
    results: dict[int, Any] = {}
    with progress(description, sum(map(units, numbers)), unit) as advance:
        waiting, running = list(reversed(numbers)), dict[Any, int]()
        while waiting or running:
            room = workers or AHEAD * processors(ray)  # machines come and go
            while waiting and len(running) < room:
                number = waiting.pop()
                running[remote.remote(number, *sent)] = number
            done, _ = ray.wait(list(running), timeout=5)
            for reference in done:
                number = running.pop(reference)
                results[number] = _result(ray, reference)
                advance(units(number))
    return {number: results[number] for number in numbers}


def one_thread(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, run by as many threads as the processor it was given."""

    def call(*arguments: Any) -> Any:
        os.environ["COMMONSPACE_THREADS"] = "1"
        return function(*arguments)

    return call


def _result(ray: Any, reference: Any) -> Any:
    try:
        return deepcopy(ray.get(reference))  # arrays of Ray's lie in memory that is gone when the cluster is left
    except ray.exceptions.RayTaskError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, CommonspaceError):
            raise cause from None  # the user's mistake, without the way it took
        raise
