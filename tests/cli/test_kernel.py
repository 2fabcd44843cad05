"""`robustntk kernel`: contract, files written whole, refusals."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from robustntk.cli.app import app

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


def report(*arguments: str) -> dict[str, Any]:
    result = RUNNER.invoke(app, [*DIGITS, *arguments, "--json"])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_contract() -> None:
    found = report()
    assert found.keys() >= CONTRACT
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


def test_zarr_holds_the_same_matrix_as_npy(tmp_path: Path) -> None:
    import zarr

    report("--out", str(tmp_path / "gram.npy"))
    report("--out", str(tmp_path / "gram.zarr"))
    assert np.array_equal(zarr.load(tmp_path / "gram.zarr"), np.load(tmp_path / "gram.npy"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gram.npy", "gram.zarr"]


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


def test_a_truncated_archive_is_bad_input(tmp_path: Path) -> None:
    whole = tmp_path / "whole.npz"
    np.savez(whole, X=np.eye(4), y=np.array([1, -1, 1, -1]))
    (tmp_path / "cut.npz").write_bytes(whole.read_bytes()[:200])
    assert RUNNER.invoke(app, ["kernel", "--data", str(whole), "--json"]).exit_code == 0
    result = RUNNER.invoke(app, ["kernel", "--data", str(tmp_path / "cut.npz")])
    assert result.exit_code == 2
    assert "cut.npz" in result.stderr and result.stderr.count("\n") == 1
