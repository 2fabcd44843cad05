"""The verdict of benchmarks/attack_strength.py, with attacks of ours in the place of the peers."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import get_activation
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.pixel_ball import PixelBall

FULL = ProjectedGradientAttack(steps=20)
WEAK = ProjectedGradientAttack(steps=1, step_size=0.2)


@pytest.fixture(scope="module")
def strength() -> ModuleType:
    path = Path(__file__).resolve().parents[3] / "benchmarks" / "attack_strength.py"
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def problem(strength: ModuleType, monkeypatch: Any) -> Any:
    start = SymmetricInitialisation(50, 65, 0)
    move = np.random.default_rng(1).standard_normal(start.weights.shape)
    weights = (start.weights + 0.3 * move).astype(np.float32)
    network = TwoLayerNetwork(weights, start.signs, get_activation("erf"))
    monkeypatch.setattr(strength, "trained", lambda *_: network)
    return strength.Problem("erf", 50, 0, PixelBall(1.0, "linf", low=0.0, high=16.0))


def judged(strength: ModuleType, problem: Any, ours: Any, capsys: Any) -> tuple[bool, str]:
    attacks = {"ours": strength.by_adversary(ours), "peer": strength.by_adversary(FULL)}
    verdict = strength.report([problem], attacks, ["peer"], repeats=1)
    return verdict, capsys.readouterr().out


def test_an_attack_as_strong_as_its_peer_holds(strength: ModuleType, problem: Any, capsys: Any) -> None:
    verdict, printed = judged(strength, problem, FULL, capsys)
    assert verdict and "holds: true" in printed and "+0.000000" in printed


def test_a_weak_attack_of_ours_does_not_hold(strength: ModuleType, problem: Any, capsys: Any) -> None:
    verdict, printed = judged(strength, problem, WEAK, capsys)
    assert not verdict and "holds: false" in printed and "| NO" in printed


@pytest.mark.parametrize(
    ("ours", "theirs", "holds"),
    [(0.3, 0.3009, True), (0.3, 0.3011, False), (np.nan, 0.3, False), (0.3, np.nan, False)],
)
def test_the_verdict_of_one_row(strength: ModuleType, problem: Any, ours: float, theirs: float, holds: bool) -> None:
    row = strength.Row(problem, 0.1, {"ours": ours, "first": 0.2, "second": theirs}, {})
    good = strength.Row(problem, 0.1, {"ours": 0.3, "first": 0.2, "second": 0.2}, {})
    assert row.holds(["first", "second"]) is holds
    assert strength.all_hold([good, row, good], ["first", "second"]) is holds


def test_nothing_compared_does_not_hold(strength: ModuleType, problem: Any) -> None:
    assert not strength.all_hold([], ["peer"])
    assert not strength.Row(problem, 0.1, {"ours": 1.0}, {}).holds([])


def test_peers_that_leave_the_set_or_see_another_network_are_refused(strength: ModuleType, problem: Any) -> None:
    features = strength.digits().features
    inside = np.clip(features + 1.0, 0.0, 16.0)
    values = problem.network.predict(problem.ball.embed(inside))
    strength._check_same_problem(problem, inside, values + 1e-5)
    with pytest.raises(RuntimeError, match="left the perturbation set"):
        strength._check_same_problem(problem, features + 1.1, values)
    with pytest.raises(RuntimeError, match="differs from ours"):
        strength._check_same_problem(problem, inside, values + 0.01)
