"""The same work on a Dask cluster: calls are made by its workers, and made again when one of them dies.

Dask and distributed are optional: `pip install robustntk[cluster]`. Every worker needs this package, and must see the
folder of a matrix under the same path (a shared file system): workers write their blocks themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

from ...bounds import InvalidInput
from .one_thread import on_one_thread
from .workers import LocalWorkers, Workers, in_order, processors

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["ClusterWorkers", "workers_for"]

Result = TypeVar("Result")
_AHEAD = 2
_ADDRESS = re.compile(r"(\w+://)?[^:/]+:\d+")
# Seconds until a cluster without workers is taken to have none; they may just be starting.
_PATIENCE = 10.0
_PACKAGES = ("robustntk", "numpy", "jaxlib", "zarr")


@contextmanager
def workers_for(scheduler: str | Client | None, workers: int | None = None) -> Iterator[Workers]:
    """The cluster at an address ("tcp://host:port") or behind a `distributed.Client`, or else threads of this process.

    `workers` is the number of these threads, by default one for each processor. A client that is given stays open.
    Raises InvalidInput if both are given, if the package `distributed` is missing, or if the cluster has no workers or
    some with other versions of the packages that bits depend on; OSError if nobody answers at the address.
    """
    if scheduler is None:
        yield LocalWorkers(processors() if workers is None else workers)
        return
    if workers is not None:
        raise InvalidInput(f"workers is {workers} and a scheduler is given: expected one of them")
    if not isinstance(scheduler, str):
        yield _of(scheduler)
        return
    with _connected(scheduler) as client:
        yield _of(client)


@dataclass(frozen=True)
class ClusterWorkers:
    """The threads of all workers behind a `distributed.Client`, as many as there were at the beginning."""

    client: Any
    count: int

    def share(self, value: Any) -> Any:
        """A task that returns `value`, and not scattered data: these are lost with the last worker that has them."""
        dask = import_module("dask")
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
            return self.client.submit(_itself, value, pure=False)

    def map(self, function: Callable[..., Result], items: Iterable[Any], *shared: Any) -> Iterator[Result]:
        """Raises ConnectionError if the scheduler is gone, or the workers die of the same call again and again."""
        distributed = import_module("distributed")

        def submit(item: Any) -> Any:
            return self.client.submit(on_one_thread, function, item, *shared, pure=False)

        try:
            yield from in_order(items, submit, window=_AHEAD * self.count)
        except (distributed.KilledWorker, distributed.client.FutureCancelledError) as error:
            raise ConnectionError(f"the cluster failed: {error}") from error


def _itself(value: Any) -> Any:
    return value


def _of(client: Any) -> ClusterWorkers:
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError:
        raise InvalidInput(f"the scheduler at {client.scheduler.address} has no workers: start some first") from None
    _require_versions(client)
    return ClusterWorkers(client, max(sum(client.nthreads().values()), 1))


def _require_versions(client: Any) -> None:
    """On every worker that there is, of the packages that bits depend on.

    A worker without this package would end at its first call, so it is asked by a function that is not from a module.
    """

    def installed(names: tuple[str, ...]) -> dict[str, str | None]:
        from importlib.metadata import PackageNotFoundError, version

        found: dict[str, str | None] = {}
        for name in names:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = None
        return found

    for address, versions in client.run(installed, _PACKAGES).items():
        for name, found in versions.items():
            if found != version(name):
                raise InvalidInput(f"worker {address} has {name} {found}: expected {version(name)}, the version here")


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise InvalidInput(
            f"the scheduler {address} needs the package distributed: pip install robustntk[cluster]"
        ) from error
    # A client that cannot read its address waits a minute before it is gone.
    if not _ADDRESS.fullmatch(address):
        raise InvalidInput(f"scheduler is {address!r}: expected an address such as tcp://host:8786")
    with distributed.Client(address, set_as_default=False) as client:
        yield client
