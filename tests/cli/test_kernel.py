"""`robustntk kernel`: contract, files written whole, matrices in blocks that are resumed, refusals."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from typer.testing import CliRunner

from robustntk.bounds import Interval
from robustntk.cli import kernel as module
from robustntk.cli.app import app
from robustntk.kernels import deep_kernel, fully_connected, gram
from robustntk.verify import load_data

RUNNER = CliRunner()
DIGITS = ["kernel", "--data", "digits", "--classes", "0,1", "--samples", "6"]
CONTRACT = {
    "n",
    "dim",
    "activation",
    "depth",
    "dtype",
    "path",
    "min_eigenvalue",
    "condition_number",
    "seconds",
}
ADDED = {
    *("label", "trained", "weight_variance", "bias_variance", "parametrization", "width", "scheduler"),
    *("memory", "blocks", "conditioning_skipped", "entry_error", "summary"),
}


def report(*arguments: str) -> dict[str, Any]:
    result = RUNNER.invoke(app, [*DIGITS, *arguments, "--json"])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_contract() -> None:
    found = report()
    assert found.keys() >= CONTRACT | ADDED
    assert (found["n"], found["dim"], found["depth"], found["dtype"]) == (6, 65, 1, "float64")
    assert found["min_eigenvalue"] > 0


@pytest.mark.parametrize(("activation", "path"), [("erf", "closed form"), ("tanh", "Hermite series")])
def test_path_says_how_the_kernel_was_computed(activation: str, path: str) -> None:
    assert report("--activation", activation)["path"] == path


def test_matrix_is_written_whole_and_nothing_else(tmp_path: Path) -> None:
    """The quadratic ReLU has kappa(1) = 2, the diagonal of unit points."""
    report("--out", str(tmp_path / "gram.npy"))
    matrix = np.load(tmp_path / "gram.npy")
    assert matrix.shape == (6, 6) and np.array_equal(matrix, matrix.T)
    np.testing.assert_allclose(np.diag(matrix), 2.0, rtol=1e-13)
    assert [path.name for path in tmp_path.iterdir()] == ["gram.npy"]


NETWORKS = {
    "relu, depth 3, all layers": (
        [
            "--activation",
            "relu",
            "--depth",
            "3",
            "--trained",
            "all",
            "--weight-variance",
            "2",
            "--bias-variance",
            "0.1",
        ],
        fully_connected("relu", 3, trained="all", weight_variance=2, bias_variance="0.1"),
    ),
    "the NNGP kernel": (["--activation", "erf", "--trained", "readout"], fully_connected("erf", trained="readout")),
    "standard parametrization": (
        ["--parametrization", "standard", "--width", "64", "--depth", "2"],
        fully_connected("quadratic_relu", 2, parametrization="standard", width=64),
    ),
    "the first layer": (["--depth", "2", "--trained", "first"], fully_connected("quadratic_relu", 2, trained="first")),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_network_that_is_meant(name: str, dtype: str, tmp_path: Path) -> None:
    arguments, architecture = NETWORKS[name]
    found = report(*arguments, "--dtype", dtype, "--out", str(tmp_path / "gram.npy"))
    points = load_data("digits", classes=("0", "1"), samples=6, seed=1, bias=0.5).X
    assert np.array_equal(np.load(tmp_path / "gram.npy"), gram(deep_kernel(architecture), points, dtype=dtype))
    assert (found["label"], found["depth"], found["dtype"]) == (architecture.label, architecture.depth, dtype)
    assert found["path"] == "dual-function recursion"


def test_zarr_holds_the_same_matrix_as_npy(tmp_path: Path) -> None:
    report("--out", str(tmp_path / "gram.npy"))
    report("--out", str(tmp_path / "gram.zarr"))
    assert np.array_equal(zarr.load(tmp_path / "gram.zarr"), np.load(tmp_path / "gram.npy"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gram.npy", "gram.zarr"]


def test_a_matrix_in_blocks_is_verified_repaired_and_kept_by_the_same_command(tmp_path: Path) -> None:
    path = tmp_path / "gram.zarr"
    command = ["--samples", "50", "--block", "20", "--out", str(path)]
    first = report(*command)
    assert first["blocks"] == {"block": 20, "kept": 0, "recomputed": 0, "new": 6}
    whole = zarr.load(path)
    again = report(*command)
    assert again["blocks"] == {"block": 20, "kept": 6, "recomputed": 0, "new": 0}
    (path / "c/2/1").write_bytes(b"damaged")
    (path / "c/0/0").unlink()
    repaired = report(*command)
    assert repaired["blocks"] == {"block": 20, "kept": 4, "recomputed": 1, "new": 1}
    assert np.array_equal(zarr.load(path), whole)
    assert first["min_eigenvalue"] == again["min_eigenvalue"] == repaired["min_eigenvalue"]


def test_another_matrix_in_the_same_place_is_refused_by_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "gram.zarr"
    report("--samples", "50", "--out", str(path))
    for change, culprit in (
        (["--dtype", "float32"], "dtype 'float64', not 'float32'"),
        (["--activation", "erf"], "NTK of depth 1 (erf)"),
        (["--depth", "2"], "NTK of depth 2"),
        (["--block", "10"], "block size 50, not 10"),
        (["--seed", "2"], "points with sha256"),
        (["--samples", "40"], "number of rows 50, not 40"),
    ):
        result = RUNNER.invoke(app, [*DIGITS, "--samples", "50", "--out", str(path), *change])
        assert result.exit_code == 2
        assert culprit in result.stderr and result.stderr.count("\n") == 1


def test_memory_is_stated_before_the_work_and_in_the_report(tmp_path: Path) -> None:
    for out in ("gram.npy", "gram.zarr"):
        result = RUNNER.invoke(app, [*DIGITS, "--samples", "50", "--out", str(tmp_path / out), "--json"])
        assert result.exit_code == 0
        assert result.stderr.startswith("memory: at most ") and result.stderr.count("\n") == 1
        memory = json.loads(result.stdout)["memory"]
        assert memory["memory_bytes"] > 8 * 50**2 and memory["conditioning_bytes"] > 8 * 50**2
    assert memory["result_bytes"] == 8 * 50**2 + 4


def test_no_report_on_a_matrix_that_is_too_large_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONDITIONED_ROWS", 49)
    command = ["--samples", "50", "--out", str(tmp_path / "gram.zarr")]
    found = report(*command)
    assert "50 rows, more than the 49" in found["conditioning_skipped"]
    below = report("--samples", "49", "--out", str(tmp_path / "smaller.zarr"))
    assert below["conditioning_skipped"] is None and found.keys() == below.keys()
    skipped = {name for name in below if found[name] is None and below[name] is not None}
    assert skipped >= {"min_eigenvalue", "condition_number", "positive_definite", "effective_rank", "pairs", "summary"}
    assert found["n"] == 50 and found["memory"]["conditioning_bytes"] is None
    shown = RUNNER.invoke(app, [*DIGITS, *command])
    assert shown.exit_code == 0 and "No conditioning report" in shown.stdout and "1 kept" in shown.stdout


def test_eigenvalues_are_bounded_by_proved_errors_of_the_entries() -> None:
    """The matrix of the other type is another rounding of the same kernel: its eigenvalues overlap."""
    one, other = (report("--activation", "relu", "--samples", "30", "--dtype", kind) for kind in ("float32", "float64"))
    for name in ("min_eigenvalue_bounds", "max_eigenvalue_bounds"):
        rough, sharp = (Interval(**found[name]) for found in (one, other))
        assert rough.lower <= sharp.lower <= sharp.upper <= rough.upper
    assert 1e-14 < other["entry_error"] < 1e-11 < 1e-6 < one["entry_error"] < 1e-3


def test_a_cluster_writes_the_same_matrix(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    command = ["--samples", "50", "--block", "20"]
    report(*command, "--out", str(tmp_path / "local.zarr"))
    with distributed.LocalCluster(n_workers=2, processes=False, protocol="tcp", dashboard_address=":0") as cluster:
        address = cluster.scheduler_address
        found = report(*command, "--out", str(tmp_path / "remote.zarr"), "--scheduler", address)
    assert found["scheduler"] == address and found["blocks"]["new"] == 6
    assert np.array_equal(zarr.load(tmp_path / "remote.zarr"), zarr.load(tmp_path / "local.zarr"))


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "gram.npy").write_text("mine")
    result = RUNNER.invoke(app, [*DIGITS, "--out", str(tmp_path / "gram.npy")])
    assert result.exit_code == 2
    assert "exists already" in result.stderr and result.stderr.count("\n") == 1
    assert (tmp_path / "gram.npy").read_text() == "mine"


WRONG = {
    "unknown suffix": ("--out", "gram.txt", ".npy"),
    "no such folder": ("--out", "missing/gram.npy", "missing"),
    "unknown class": ("--classes", "0,banana", "banana"),
    "three classes": ("--classes", "0,1,2", "two"),
    "bias of one": ("--bias", "1", "bias"),
    "bias is no number": ("--bias", "much", "much"),
    "unknown activation": ("--activation", "swish", "swish"),
    "zero scale": ("--scale", "0", "scale"),
    "too many samples": ("--samples", "100000", "100000"),
    "no layers": ("--depth", "0", "depth is 0"),
    "half a layer": ("--depth", "1.5", "1.5"),
    "no such layers": ("--trained", "some", "some"),
    "no weights": ("--weight-variance", "0", "weight variance"),
    "negative variance": ("--bias-variance", "-1", "bias variance"),
    "no such parametrization": ("--parametrization", "mup", "mup"),
    "a width without need": ("--width", "64", "width is 64"),
    "unknown type": ("--dtype", "float16", "float16"),
    "blocks of a file that has none": ("--block", "64", "--block"),
    "a cluster for a file that it cannot write": ("--scheduler", "tcp://127.0.0.1:1", "--scheduler"),
    "no such data": ("--data", "nowhere.npz", "nowhere.npz"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_one_line_and_nothing_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    option, value, culprit = WRONG[name]
    monkeypatch.chdir(tmp_path)
    result = RUNNER.invoke(app, [*DIGITS, "--out", "gram.npy", option, value])
    assert result.exit_code == 2, result.output
    assert culprit in result.stderr and result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_empty_blocks_and_other_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.zarr").mkdir()
    (tmp_path / "mine.zarr" / "thesis.tex").write_text("mine")
    for arguments, culprit in (
        (["--out", str(tmp_path / "gram.zarr"), "--block", "0"], "block is 0"),
        (["--out", str(tmp_path / "mine.zarr")], "not empty"),
        (["--out", str(tmp_path / "gram.zarr"), "--parametrization", "standard"], "width is None"),
    ):
        result = RUNNER.invoke(app, [*DIGITS, *arguments])
        assert result.exit_code == 2
        assert culprit in result.stderr and result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["mine.zarr", "thesis.tex"]


def test_a_truncated_archive_is_bad_input(tmp_path: Path) -> None:
    whole = tmp_path / "whole.npz"
    np.savez(whole, X=np.eye(4), y=np.array([1, -1, 1, -1]))
    (tmp_path / "cut.npz").write_bytes(whole.read_bytes()[:200])
    assert RUNNER.invoke(app, ["kernel", "--data", str(whole), "--json"]).exit_code == 0
    result = RUNNER.invoke(app, ["kernel", "--data", str(tmp_path / "cut.npz")])
    assert result.exit_code == 2
    assert "cut.npz" in result.stderr and result.stderr.count("\n") == 1
