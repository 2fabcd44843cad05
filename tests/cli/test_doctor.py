"""`robustntk doctor` tells healthy from broken, and optional from needed."""

import json

import pytest
from typer.testing import CliRunner

from robustntk.cli.app import app
from robustntk.cli.environment import (
    JaxStatus,
    PackageStatus,
    inspect_jax,
    inspect_machine,
    locked_versions,
    package_statuses,
    read_lock,
)

RUNNER = CliRunner()


def package(**changes: object) -> PackageStatus:
    fields = {"name": "numpy", "installed": "2.1", "required": ">=2.0", "locked": "2.1", "optional": False}
    return PackageStatus(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "status", "broken"),
    [
        ({}, "ok", False),
        ({"locked": None}, "ok", False),
        ({"locked": "2.2"}, "untested", False),
        ({"installed": "1.26"}, "unsuitable", True),
        ({"installed": None}, "missing", True),
        ({"installed": None, "optional": True}, "not installed", False),
    ],
)
def test_status_of_a_package(changes: dict[str, object], status: str, broken: bool) -> None:
    assert (package(**changes).status, package(**changes).broken) == (status, broken)


def test_requirements_of_extras_are_optional() -> None:
    needed, extra = package_statuses(["numpy>=2.0", 'no-such-thing>=1; extra == "test"'], {"numpy": "0.1"})
    assert (needed.status, needed.optional) == ("untested", False)
    assert (extra.status, extra.optional) == ("not installed", True)


def test_lock_file_names_are_canonical() -> None:
    text = "# a remark == ignored\nJinja2==3.1.6\nzope.interface==1.0\n\n"
    assert locked_versions(text) == {"jinja2": "3.1.6", "zope-interface": "1.0"}


def test_the_lock_file_is_read_and_names_no_host() -> None:
    from robustntk.cli.environment import LOCK_FILE

    assert {"numpy", "jax", "sympy"} <= read_lock().keys()
    assert "neural-tangents" not in read_lock()
    assert not any(mark in LOCK_FILE.read_text() for mark in ("://", "@", "file:"))


def test_float64_is_exact_in_its_scope_and_off_outside() -> None:
    status = inspect_jax()
    assert status.float64
    assert not status.float64_is_global
    assert not status.broken


def test_the_machine_has_cores_and_memory() -> None:
    machine = inspect_machine()
    assert machine.cores >= 1
    assert 0 < machine.memory_available <= machine.memory_total


def test_healthy_installation_exits_0_with_one_json_object() -> None:
    result = RUNNER.invoke(app, ["doctor", "--json"])
    report = json.loads(result.stdout)
    assert (result.exit_code, report["healthy"], report["problems"]) == (0, True, [])
    assert {"python", "packages", "jax", "neural_tangents", "machine"} <= report.keys()


def test_missing_package_exits_1_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robustntk.cli.environment.own_requirements", lambda: ["no-such-thing>=3"])
    result = RUNNER.invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "problem: no-such-thing is missing: >=3 is needed" in result.stdout


def test_wrong_float64_exits_1(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = JaxStatus(backend="cpu", devices=("cpu:0",), float64=False, float64_is_global=False)
    monkeypatch.setattr("robustntk.cli.environment.inspect_jax", lambda: wrong)
    result = RUNNER.invoke(app, ["doctor", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["problems"] == ["JAX does not compute in float64 inside its scope"]
