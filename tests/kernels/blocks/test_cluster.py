"""A Dask cluster: the same bits as on this machine, also when a worker is killed mid-way."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput
from robustntk.kernels.blocks.cluster import workers_for
from robustntk.kernels.blocks.gram import gram_to_zarr
from robustntk.kernels.blocks.operator import GramOperator
from robustntk.kernels.blocks.workers import LocalWorkers, processors
from robustntk.kernels.deep import deep_kernel

distributed = pytest.importorskip("distributed")

KERNEL = deep_kernel("relu")


def sphere(n: int, d: int = 20) -> np.ndarray:
    X = np.random.default_rng(0).standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=":0", worker_dashboard_address=":0"
    ) as started:
        yield started


@pytest.fixture
def cluster(running: Any) -> Any:
    """Two workers that are ready, whatever the last test did to them."""
    with distributed.Client(running) as client:
        client.wait_for_workers(2, timeout=60)
    return running


def worker_processes(cluster: Any) -> list[int]:
    return [nanny.process.pid for nanny in cluster.workers.values()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_matrix_has_the_bits_of_the_local_one(cluster: Any, dtype: str, tmp_path: Path) -> None:
    X = sphere(500)
    local = gram_to_zarr(KERNEL, X, tmp_path / "local.zarr", block=128, dtype=dtype, workers=1)
    remote = gram_to_zarr(
        KERNEL, X, tmp_path / "remote.zarr", block=128, dtype=dtype, scheduler=cluster.scheduler_address
    )
    assert files(tmp_path / "remote.zarr") == files(tmp_path / "local.zarr")
    assert (remote.new, remote.plan.workers) == (local.new, 4)


def test_a_worker_is_killed_mid_way(cluster: Any, tmp_path: Path) -> None:
    """The process, at once, as by kill -9; its blocks are computed by the other, or by the one that follows it."""
    X, killed = sphere(600), []

    def progress(stage: str, done: int, total: int | None) -> None:
        if done == 40 and not killed:
            killed.append(worker_processes(cluster)[0])
            os.kill(killed[0], signal.SIGKILL)

    gram_to_zarr(KERNEL, X, tmp_path / "local.zarr", block=32, workers=1)
    with distributed.Client(cluster) as client:
        report = gram_to_zarr(KERNEL, X, tmp_path / "remote.zarr", block=32, scheduler=client, progress=progress)
    assert killed and killed[0] not in worker_processes(cluster)
    assert report.kept + report.recomputed + report.new == report.plan.blocks
    again = gram_to_zarr(KERNEL, X, tmp_path / "remote.zarr", block=32)
    assert again.kept == again.plan.blocks
    assert files(tmp_path / "remote.zarr") == files(tmp_path / "local.zarr")


def test_products_have_the_bits_of_the_local_ones(cluster: Any, tmp_path: Path) -> None:
    X, V = sphere(300), np.random.default_rng(1).standard_normal((300, 3))
    gram_to_zarr(KERNEL, X, tmp_path / "K.zarr", block=64)
    expected = GramOperator.of_points(KERNEL, X, block=64, workers=1).matmat(V)
    with GramOperator.of_points(KERNEL, X, block=64, scheduler=cluster.scheduler_address) as operator:
        assert np.array_equal(operator.matmat(V), expected)
        os.kill(worker_processes(cluster)[1], signal.SIGKILL)
        assert np.array_equal(operator.matmat(V), expected)
    with GramOperator.stored(tmp_path / "K.zarr", scheduler=cluster.scheduler_address) as operator:
        assert np.array_equal(operator.matmat(V), expected)


def test_an_error_of_a_worker_is_that_of_the_caller(cluster: Any, tmp_path: Path) -> None:
    X = sphere(100)
    gram_to_zarr(KERNEL, X, tmp_path / "K.zarr", block=64)
    file = tmp_path / "K.zarr" / "c/1/0"
    file.write_bytes(file.read_bytes()[:-9])
    with GramOperator.stored(tmp_path / "K.zarr", scheduler=cluster.scheduler_address) as operator:
        with pytest.raises(InvalidInput, match=r"block \(1, 0\) of .* is damaged"):
            operator.matvec(np.ones(100))


def test_a_call_that_ends_every_worker_is_an_error_of_the_system(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    with workers_for(cluster.scheduler_address) as workers:
        with pytest.raises(ConnectionError, match="the cluster failed: .* all those workers died"):
            list(workers.map(os._exit, [1]))


def test_workers_with_other_packages_are_refused(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robustntk.kernels.blocks.cluster.version", {"robustntk": "0.1.0", "numpy": "1.0"}.__getitem__)
    monkeypatch.setattr("robustntk.kernels.blocks.cluster._PACKAGES", ("robustntk", "numpy"))
    with pytest.raises(InvalidInput, match=r"worker tcp://.* has numpy 2.*: expected 1.0"):
        with workers_for(cluster.scheduler_address):
            pass
    monkeypatch.setattr("robustntk.kernels.blocks.cluster._PACKAGES", ("no-such-package",))
    monkeypatch.setattr("robustntk.kernels.blocks.cluster.version", lambda name: "1.0")
    with pytest.raises(InvalidInput, match="has no-such-package None"), workers_for(cluster.scheduler_address):
        pass


def test_a_given_client_stays_open(cluster: Any) -> None:
    with distributed.Client(cluster) as client:
        with workers_for(client) as workers:
            assert list(workers.map(pow, range(4), workers.share(2))) == [0, 1, 4, 9]
        assert client.status == "running"


def test_without_a_scheduler_it_is_this_process() -> None:
    with workers_for(None) as workers:
        assert workers == LocalWorkers(processors())
    with workers_for(None, 3) as workers:
        assert workers.count == 3


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robustntk.kernels.blocks.cluster._PATIENCE", 0.2)
    with pytest.raises(InvalidInput, match="workers is 2 and a scheduler"), workers_for("tcp://127.0.0.1:1", 2):
        pass
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty:
        with pytest.raises(InvalidInput, match=f"{empty.scheduler_address} has no workers"):
            with workers_for(empty.scheduler_address):
                pass


def test_nobody_at_the_address_is_an_error_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "200ms"}):
        with pytest.raises(OSError, match="tcp://127.0.0.1:1"), workers_for("tcp://127.0.0.1:1"):
            pass


def test_a_missing_package_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [module for module in sys.modules if module.partition(".")[0] == "distributed"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InvalidInput, match=r"pip install robustntk\[cluster\]"), workers_for("tcp://127.0.0.1:1"):
        pass
