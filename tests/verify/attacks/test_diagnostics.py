import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import get_activation
from robustntk.kernels import SymmetricInitialisation, dual_kernel
from robustntk.verify.attacks.auto_projected_gradient import AutoProjectedGradientAttack
from robustntk.verify.attacks.diagnostics import AttackDiagnostics, diagnose
from robustntk.verify.attacks.random_search import RandomSearchAttack
from robustntk.verify.data import load_data
from robustntk.verify.predictors import KernelPredictor, TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.pixel_ball import PixelBall

DATA = load_data("digits", classes=("0", "1"), samples=8)
CAP = SphericalCap(0.2)
BALL = PixelBall(1.0, "linf", low=0.0, high=16.0)
ATTACK = AutoProjectedGradientAttack(steps=40, restarts=2)
SEARCH = RandomSearchAttack(queries=300)


def network(dtype: Any = np.float32, *, width: int = 200) -> TwoLayerNetwork:
    start = SymmetricInitialisation(width, DATA.dimension, 0)
    move = np.random.default_rng(1).standard_normal(start.weights.shape)
    return TwoLayerNetwork((start.weights + 0.2 * move).astype(dtype), start.signs, get_activation("quadratic_relu"))


def look(predictor: Any, perturbations: Any = CAP, attack: AutoProjectedGradientAttack = ATTACK) -> AttackDiagnostics:
    centers = DATA.centers(perturbations)
    return diagnose(predictor, centers, DATA.y, perturbations, gradient_attack=attack, random_search=SEARCH)


def names(found: AttackDiagnostics) -> set[str]:
    return {flag.name for flag in found.flags}


@dataclass(frozen=True)
class Planted:
    """An evaluator with the right values whose gradients are multiplied, everywhere or near the first data point."""

    inner: Any
    factor: float
    only_near_first: bool = False

    def values(self, parameters: Any, points: Any) -> Any:
        return self.inner.values(parameters, points)

    def values_and_gradients(self, parameters: Any, points: Any) -> Any:
        import jax.numpy as jnp

        values, gradients = self.inner.values_and_gradients(parameters, points)
        distances = jnp.linalg.norm(points - DATA.X[:1].astype(points.dtype), axis=1, keepdims=True)
        hit = (distances < 0.1) | (not self.only_near_first)
        return values, jnp.where(hit, self.factor * gradients, gradients)


@dataclass
class Masked:
    """A network behind an evaluator of its own; predictions and parameters may be disturbed too."""

    wrap: Callable[[Any], Any] = lambda inner: inner
    noise: float = 0.0
    shift: float = 0.0
    network: TwoLayerNetwork = field(default_factory=network)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    @property
    def dtype(self) -> Any:
        return self.network.dtype

    def predict(self, points: Any) -> Any:
        return self.network.predict(points) + self.noise * self.rng.standard_normal(len(points)) + self.shift

    def evaluator(self) -> Any:
        return self.wrap(self.network.evaluator())

    def parameters(self) -> Any:
        return self.network.parameters()


HONEST = {
    "kernel, cap": (lambda: KernelPredictor(dual_kernel("erf"), DATA.X, DATA.y), CAP),
    "network, cap": (lambda: Masked(lambda inner: Planted(inner, 1.0)), CAP),
    "network in float64, linf": (lambda: network(np.float64), BALL),
}


@pytest.mark.parametrize(("make", "perturbations"), HONEST.values(), ids=list(HONEST))
def test_an_honest_predictor_raises_no_flag(make: Any, perturbations: Any) -> None:
    found = look(make(), perturbations)
    assert found.trustworthy, found.sentences()
    assert found.to_json()["flags"] == [] and "only a lower bound" in found.sentences()[0]
    assert found.zero_rows == found.repeat_difference == found.idle_rows == 0.0


def test_zeroed_gradients_are_seen() -> None:
    found = look(Masked(lambda inner: Planted(inner, 0.0)), CAP, AutoProjectedGradientAttack(steps=40, restarts=1))
    assert names(found) >= {"zero gradients", "random search wins", "no better than clean"}
    assert found.zero_rows == found.zero_entries == found.idle_rows == 1.0


def test_gradients_zeroed_at_one_point_are_seen() -> None:
    found = look(Masked(lambda inner: Planted(inner, 0.0, only_near_first=True)), SphericalCap(0.05))
    # A random start may be lower than the data point all the same, so the point need not be idle.
    assert names(found) >= {"zero gradients", "random search wins"}
    assert found.zero_rows == 1 / 8 and found.idle_rows <= 1 / 8


def test_flipped_gradients_are_seen() -> None:
    found = look(Masked(lambda inner: Planted(inner, -1.0)), BALL)
    assert "random search wins" in names(found)
    assert found.zero_rows == 0.0 and found.advantage > 0.5


def test_a_randomised_predictor_is_seen() -> None:
    assert "randomised predictor" in names(look(Masked(lambda inner: Planted(inner, 1.0), noise=1e-6)))


def test_an_attack_on_another_function_is_seen() -> None:
    assert names(look(Masked(lambda inner: Planted(inner, 1.0), shift=0.3))) == {"two predictors"}


def test_too_few_steps_are_seen() -> None:
    bumpy = TwoLayerNetwork(network(np.float64).weights, network().signs, get_activation("erf").scaled(3))
    few = look(bumpy, SphericalCap(0.8), AutoProjectedGradientAttack(steps=4, restarts=1))
    many = look(bumpy, SphericalCap(0.8), AutoProjectedGradientAttack(steps=100, restarts=1))
    assert "unconverged" in names(few) and "unconverged" not in names(many)
    assert many.late_gain < few.late_gain


def test_the_untrained_network_which_is_zero_is_no_success() -> None:
    start = SymmetricInitialisation(200, DATA.dimension, 0)
    found = look(TwoLayerNetwork(start.weights.astype(np.float32), start.signs, get_activation("quadratic_relu")), CAP)
    assert names(found) >= {"zero gradients"}


def measured(**changes: Any) -> AttackDiagnostics:
    clean, gradient, random = np.array([1.0, 0.5]), np.array([0.2, 0.1]), np.array([0.3, 0.2])
    figures = {
        "clean": clean,
        "by_gradient": gradient,
        "by_random_search": random,
        "zero_rows": 0.0,
        "zero_entries": 0.0,
        "repeat_difference": 0.0,
        "mismatch": 0.0,
        "late_gain": 0.0,
        "tolerance": 0.05,
    }
    return AttackDiagnostics(**(figures | changes))


def test_json_and_sentences_carry_the_figures() -> None:
    found = measured(zero_rows=0.25, by_random_search=np.array([0.1, 0.2]))
    stored = json.loads(json.dumps(found.to_json()))
    assert not stored["trustworthy"] and stored["zero_gradient_rows"] == 0.25
    assert stored["random_search_advantage"] == pytest.approx(1 / 9)
    assert [flag["name"] for flag in stored["flags"]] == ["zero gradients", "random search wins"]
    assert "25.0% of the gradients" in found.sentences()[0] and "takes 11.1% more" in found.sentences()[1]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"zero_rows": np.nan}, "zero gradients"),
        ({"by_random_search": np.array([np.nan, 0.0])}, "random search wins"),
        ({"by_gradient": np.array([np.nan, 0.0])}, "no better than clean"),
        ({"repeat_difference": np.nan}, "randomised predictor"),
        ({"mismatch": np.nan}, "two predictors"),
        ({"late_gain": np.nan}, "unconverged"),
    ],
)
def test_not_a_number_raises_flags(changes: dict[str, Any], name: str) -> None:
    assert measured().trustworthy and name in names(measured(**changes))
