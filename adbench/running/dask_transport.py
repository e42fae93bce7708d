"""Hosts of a `dask.distributed` cluster: a worker of Dask's on each, one comparison at a time.

A comparison is pinned to its host, so that Dask steals nothing; the resource `host` makes sure that
a host computes one at a time. Dask gives up a task
at the first loss of its worker: what happens then is decided in `hosts.py`.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import dask
from distributed import Client, Future, LocalCluster, get_worker

from adbench.cases.messages import describe_exception
from adbench.cases.model import SpecError
from adbench.planning.plan import Plan
from adbench.running.host_task import (
    Host,
    HostAnswer,
    HostFacts,
    HostStart,
    HostStop,
    HostTask,
    facts_of_this_host,
)
from adbench.running.hosts import Delivery
from adbench.running.spent import Spent

RESOURCE = "host"
"""What a worker of Dask's must have one of."""

OPTIONS_OF_A_HOST = f"--nthreads 1 --memory-limit 0 --resources {RESOURCE}=1"
"""What a worker of Dask's is started with that is to be a host."""

CONNECTING_S = 10.0
"""So long (s) a scheduler may take to answer."""

MOST_LOCAL = 64
"""So many hosts may be made on this machine."""

CONFIGURATION = {
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.daemon": False,
    "distributed.worker.profile.enabled": False,  # it looks at the worker every 10 ms
    "distributed.comm.timeouts.connect": f"{CONNECTING_S:g}s",
}
"""What Dask is told: nothing of a run is its own to decide."""


@contextmanager
def dask_transport(scheduler: str) -> Iterator[DaskTransport]:
    """Give the hosts of a cluster.

    scheduler: "tcp://host:port", or "local:N" for N hosts on this machine, which are ended at the
    end. Raises SpecError where it is neither, or does not answer.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is said by us
    with ExitStack() as resources:
        resources.enter_context(dask.config.set(CONFIGURATION))
        kind, _, rest = scheduler.partition(":")
        address: Any = scheduler
        if kind == "local":
            address = resources.enter_context(_local_cluster(scheduler, rest))
        elif kind not in ("tcp", "tls") or not rest:
            raise SpecError(
                f"--scheduler was given {scheduler!r}; give the address of a Dask scheduler, such "
                "as tcp://10.0.0.1:8786, or local:2 for two hosts on this machine."
            )
        client = resources.enter_context(_client(address, scheduler))
        yield DaskTransport(client, scheduler)


@contextmanager
def _local_cluster(scheduler: str, count: str) -> Iterator[LocalCluster]:
    if not count.isdigit() or not 1 <= int(count) <= MOST_LOCAL:
        raise SpecError(
            f"--scheduler was given {scheduler!r}; give a number of hosts on this machine from 1 "
            f"to {MOST_LOCAL}, such as local:2."
        )
    with LocalCluster(
        n_workers=int(count),
        threads_per_worker=1,
        processes=True,
        memory_limit=None,
        dashboard_address=":0",
        resources={RESOURCE: 1},
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster


@contextmanager
def _client(address: Any, scheduler: str) -> Iterator[Client]:
    try:
        client = Client(address, timeout=CONNECTING_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise SpecError(
            f"The scheduler at {scheduler} does not answer ({describe_exception(error)}); start it "
            "with `dask scheduler`, or correct the address."
        ) from None
    try:
        yield client
    finally:
        with suppress(Exception):  # of a scheduler that is gone
            client.close(timeout=CONNECTING_S)


class DaskTransport:
    """The hosts of a client's cluster."""

    def __init__(self, client: Client, title: str) -> None:
        self.title = title
        self._client = client
        self._ended: queue.SimpleQueue[Future[bytes]] = queue.SimpleQueue()
        self._sent: dict[Any, tuple[int, Future[bytes]]] = {}
        """The number of each comparison that was sent, and its future, by that one's key."""
        with suppress(Exception):  # an older or foreign scheduler keeps its own configuration
            client.run_on_scheduler(_configure_scheduler)

    def hosts(self) -> Sequence[str]:
        """Return the workers that have the resource `host`."""
        return [address for address, facts in self._workers().items() if _is_host(facts)]

    def why_no_host(self) -> str:
        """Return why there is no host, and how to start one, in a sentence."""
        workers = len(self._workers())
        command = f"`dask worker {self.title} {OPTIONS_OF_A_HOST}`"
        if not workers:
            return f"The cluster at {self.title} has no host; start one with {command}."
        return (
            f"The {workers} workers of the cluster at {self.title} have no resource {RESOURCE!r}; "
            f"start them with {command}."
        )

    def begin(self, address: str, run: str, plan: Plan) -> HostFacts:
        """Prepare a worker for a run, and return what it is."""
        start = HostStart.of(plan).to_bytes()
        try:
            replies = self._client.run(_begin, run, start, workers=[address], on_error="return")
            reply = replies[address]
        except (OSError, TimeoutError, KeyError) as error:
            reply = error
        if isinstance(reply, ModuleNotFoundError):
            raise SpecError(
                f"The worker at {address} cannot be used: {reply.name or 'adbench'} is not "
                "installed there. Install what runs here on every host."
            )
        if isinstance(reply, BaseException):
            raise SpecError(f"The worker at {address} cannot be used: {describe_exception(reply)}")
        if isinstance(reply, str):
            raise SpecError(reply)
        return HostFacts.from_bytes(reply)

    def send(self, address: str, run: str, number: int, task: HostTask) -> None:
        """Send a worker the comparison of a number, which it alone may compute."""
        future = self._client.submit(
            _compute,
            run,
            task.to_bytes(),
            workers=[address],
            allow_other_workers=False,
            resources={RESOURCE: 1},
            retries=0,
            pure=False,
        )
        self._sent[future.key] = number, future
        future.add_done_callback(self._ended.put)

    def next_delivery(self, limit_s: float) -> Delivery | None:
        """Return what has become of a comparison."""
        try:
            future = self._ended.get(timeout=limit_s)
        except queue.Empty:
            return None
        number, _ = self._sent.pop(future.key, (0, future))
        if future.status != "finished":
            return Delivery(number, None)
        return Delivery(number, HostAnswer.from_bytes(future.result()))

    def end(self, run: str) -> None:
        """Let all workers end the run."""
        for _, future in self._sent.values():
            with suppress(Exception):
                future.cancel()
        self._sent.clear()
        with suppress(Exception):  # of workers that are gone
            self._client.run(_end, run, on_error="ignore")

    def _workers(self) -> dict[str, Any]:
        try:
            workers: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        except (OSError, TimeoutError):  # the scheduler is gone, and so are its workers
            return {}
        return workers


def _is_host(facts: dict[str, Any]) -> bool:
    return facts.get("resources", {}).get(RESOURCE, 0) >= 1 and facts.get("status") == "running"


# ---- what runs in the scheduler and in the workers


def _configure_scheduler(dask_scheduler: Any) -> None:
    """Let a scheduler steal nothing, and give a task up at the first loss of its worker."""
    dask_scheduler.allowed_failures = 0
    stealing = dask_scheduler.extensions.get("stealing")
    if stealing is not None:
        stealing.stop()


PROFILERS = ("profile", "profile-cycle")
"""What looks at a worker of Dask's every 10 ms, and would disturb the times."""

_ATTRIBUTE = "adbench_host"
"""Under which name a worker of Dask's keeps its `Host`."""


def _begin(run: str, start_bytes: bytes, dask_worker: Any) -> bytes | str:
    """Prepare a worker for a run, and return what it is; why it cannot be, in a sentence."""
    start = HostStart.from_bytes(start_bytes)
    for name in PROFILERS:
        if name in dask_worker.periodic_callbacks:
            dask_worker.periodic_callbacks[name].stop()
    host = getattr(dask_worker, _ATTRIBUTE, None)
    if host is not None and host.run != run:
        if host.is_busy:
            return f"The host at {dask_worker.address} works for another run; wait for its end."
        host.end()
        host = None
    if host is None:
        setattr(dask_worker, _ATTRIBUTE, Host(run, start.settings))
    return facts_of_this_host(start.backends, start.files).to_bytes()


def _compute(run: str, task_bytes: bytes) -> bytes:
    """Compute a comparison on this worker."""
    host = getattr(get_worker(), _ATTRIBUTE, None)
    if host is None or host.run != run:
        return HostAnswer((), Spent(), HostStop.ASKED).to_bytes()
    answer: HostAnswer = host.compute(HostTask.from_bytes(task_bytes))
    return answer.to_bytes()


def _end(run: str, dask_worker: Any) -> None:
    """End a run on a worker."""
    host = getattr(dask_worker, _ATTRIBUTE, None)
    if host is not None and host.run == run:
        host.end()
        delattr(dask_worker, _ATTRIBUTE)
