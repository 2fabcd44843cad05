"""Networks trained together come out as each of them does alone, whatever the group they were in."""

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, Target, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.adversary import AdversarialPoints, Adversary
from robustntk.verify.attacks.auto_projected_gradient import AutoProjectedGradientAttack
from robustntk.verify.attacks.fast_gradient import FastGradientAttack
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import embed
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training import many_seeds
from robustntk.verify.training.constraint_set import ConstraintSet
from robustntk.verify.training.many_seeds import train_many
from robustntk.verify.training.memory import bytes_per_network
from robustntk.verify.training.network_stack import NetworkStack, attack_all
from robustntk.verify.training.projected_descent import train
from robustntk.verify.training.run_state import Checkpoint
from robustntk.verify.training.training_run import TrainingRun

CAP = SphericalCap(0.2)
ALPHA, RADIUS = 0.5, 0.5
CURVES = ("surrogate_losses", "gradient_norms", "distances", "errors", "active")
WEIGHTS = ("best_weights", "best_points", "final_weights")


def data() -> tuple[np.ndarray, np.ndarray]:
    X = embed(np.random.default_rng(3).standard_normal((5, 7)))
    return X, np.array([1.0, -1.0, 1.0, 1.0, -1.0])


def starts(seeds: Any = range(5), width: int = 16) -> list[SymmetricInitialisation]:
    return [SymmetricInitialisation(width, 8, seed) for seed in seeds]


def options(changed: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    settings = {"step_size": ALPHA, "iterations": 6, "radius": RADIUS, "dtype": np.float64, **changed}
    activation, loss = (get_activation(settings.pop("name", "erf")), get_loss(settings.pop("loss", "hinge")))
    attack = settings.pop("attack", ProjectedGradientAttack(steps=3))
    return (activation, loss, *data(), CAP, attack), settings


def together(networks: Any = None, **changed: Any) -> tuple[TrainingRun, ...]:
    problem, settings = options(changed)
    return train_many(starts() if networks is None else networks, *problem, **settings)


def alone(networks: Any = None, **changed: Any) -> list[TrainingRun]:
    problem, settings = options(changed)
    return [train(start, *problem, **settings) for start in (starts() if networks is None else networks)]


def assert_alike(found: TrainingRun, expected: TrainingRun, tolerance: float = 1e-12) -> None:
    assert (found.best_step, found.steps, found.stopped) == (expected.best_step, expected.steps, expected.stopped)
    for name in (*CURVES, *WEIGHTS, "best_surrogate_loss", "best_error", "final_distance"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=0, atol=tolerance, err_msg=name)


VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "quadratic_relu": {"name": "quadratic_relu", "loss": "squared_hinge", "step_size": 0.1},
    "tied": {"row_radius": 0.5},
    "operator": {"operator_radius": 0.3},
    "tied_operator": {"row_radius": 0.5, "operator_radius": 0.3},
    "both_directions": {"loss": "absolute", "attack": ProjectedGradientAttack(steps=2, restarts=2)},
}


SLOW = {"tied", "operator"}


@pytest.mark.parametrize(
    "variant", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in sorted(VARIANTS)]
)
def test_networks_trained_together_come_out_as_alone(variant: str) -> None:
    for found, expected in zip(together(**VARIANTS[variant]), alone(**VARIANTS[variant]), strict=True):
        assert_alike(found, expected)


def test_float32_agrees_up_to_its_rounding_and_begins_at_exactly_the_zero_function() -> None:
    for found, expected in zip(together(dtype=np.float32), alone(dtype=np.float32), strict=True):
        assert found.surrogate_losses[0] == 1.0
        assert_alike(found, expected, 2e-5)
        assert found.final_weights.dtype == np.float32


def test_best_weights_lie_in_the_ball_of_their_own_network() -> None:
    for found, start in zip(together(dtype=np.float32), starts(), strict=True):
        assert ConstraintSet(RADIUS).contains(found.best_weights, start.half_weights)


@lru_cache(maxsize=1)
def target() -> float:
    """A loss that the networks reach at different steps, and some not at all."""
    losses = np.array([run.surrogate_losses for run in alone(iterations=12)])
    return float(np.median(losses[:, 4:]))


@pytest.mark.parametrize("goal", [Target.LOSS, Target.ROBUST_ERROR])
@pytest.mark.parametrize("shrinking", [True, False])
def test_networks_that_reach_the_target_are_frozen_there(
    goal: Target, shrinking: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_seeds, "_WORTH_SHRINKING", 0 if shrinking else math.inf)
    stop_at = target() if goal is Target.LOSS else 0.2
    wanted = {"stop_at": stop_at, "iterations": 12, "target": goal}
    found, expected = together(**wanted), alone(**wanted)
    assert len({run.steps for run in expected}) > 2, "they stop at different steps"
    for one, other in zip(found, expected, strict=True):
        assert_alike(one, other)


@pytest.mark.parametrize("groups", ["memory", "neurons", "single"])
def test_the_groups_do_not_matter(groups: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {"stop_at": target(), "iterations": 12}
    expected = alone(**wanted)
    sizes: list[int] = []
    begin = many_seeds._Trainer.next_group

    def watch(trainer: Any, state: Any) -> None:
        begin(trainer, state)
        sizes.append(len(state.group.members))

    monkeypatch.setattr(many_seeds._Trainer, "next_group", watch)
    if groups == "memory":
        wanted |= {"memory_budget": 2 * bytes_per_network(16, 8, 5, np.dtype(np.float64))}
    else:
        name, limit = ("_NEURONS", 48) if groups == "neurons" else ("_WIDEST_STACKED", 8)
        monkeypatch.setattr(many_seeds, name, limit)
    for found, other in zip(together(**wanted), expected, strict=True):
        assert_alike(found, other, 0.0 if groups == "single" else 1e-12)
    assert sizes == {"memory": [2, 2, 1], "neurons": [3, 2], "single": [1] * 5}[groups]


class Killed(Exception):
    pass


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_resumed_runs_equal_uninterrupted_ones_bit_for_bit(
    dtype: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_seeds, "_WORTH_SHRINKING", 0)
    wanted = {"stop_at": target(), "iterations": 12, "dtype": dtype}
    wanted["memory_budget"] = 3 * bytes_per_network(16, 8, 5, np.dtype(dtype))
    whole = together(**wanted)
    checkpoint = Checkpoint(tmp_path / "state.npz", every_seconds=0)
    calls = 0

    def kill(done: int, total: int, steps: int) -> None:
        nonlocal calls
        calls += 1
        if calls % 5 == 0:
            raise Killed

    killed = 0
    while True:
        try:
            resumed = together(checkpoint=checkpoint, progress=kill, **wanted)
            break
        except Killed:
            killed += 1
    assert killed >= 3
    for one, other in zip(resumed, whole, strict=True):
        for field in TrainingRun.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field), err_msg=field)
    with pytest.raises(InvalidInput, match="other settings"):
        together(starts(range(4)), checkpoint=checkpoint, **wanted)


ATTACKS: dict[str, Adversary] = {
    "pgd": ProjectedGradientAttack(steps=4, restarts=3),
    "apgd": AutoProjectedGradientAttack(steps=4, restarts=2),
    "fgsm": FastGradientAttack(),
}


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_a_stack_answers_as_its_networks_do(name: str) -> None:
    X, y = data()
    networks = [SymmetricInitialisation(16, 8, seed) for seed in range(3)]
    rng = np.random.default_rng(0)
    moved = [start.weights + 0.3 * rng.standard_normal((16, 8)) for start in networks]
    halves = np.stack([np.split(weights, 2) for weights in moved], axis=1)
    outputs = np.full(8, 0.25)
    stack = NetworkStack((halves[0], halves[1]), (outputs, -outputs), get_activation("tanh"), len(X))
    single = [TwoLayerNetwork(weights, networks[0].signs, get_activation("tanh")) for weights in moved]
    points = np.concatenate([X, X[::-1], X])
    expected = np.concatenate([one.predict(rows) for one, rows in zip(single, (X, X[::-1], X), strict=True)])
    np.testing.assert_allclose(stack.predict(points), expected, rtol=0, atol=1e-14)
    attack = ATTACKS[name]
    found = attack_all(stack, attack, X, y, CAP, loss=get_loss("hinge"), iteration=2)
    for index, network in enumerate(single):
        own = attack.perturb(network, X, y, CAP, loss=get_loss("hinge"), iteration=2)
        np.testing.assert_allclose(found.points[index], own.points, rtol=0, atol=1e-12)
        np.testing.assert_allclose(found.values[index], own.values, rtol=0, atol=1e-12)


class StandStill:
    """A user's own adversary: it does nothing."""

    def perturb(self, predictor: Any, X: Any, y: Any, perturbations: Any, **_: Any) -> AdversarialPoints:
        return AdversarialPoints(X, X, predictor.predict(X))


def test_a_users_own_adversary_trains_many_too() -> None:
    for found, expected in zip(together(attack=StandStill()), alone(attack=StandStill()), strict=True):
        assert_alike(found, expected)


def test_progress_counts_what_is_done() -> None:
    seen: list[tuple[int, int, int]] = []
    together(progress=lambda *counts: seen.append(counts), iterations=3)
    assert seen == [(0, 5, 1), (0, 5, 2), (5, 5, 3)]


def test_networks_that_differ_or_are_missing_are_refused() -> None:
    with pytest.raises(InvalidInput, match="initialisations is empty"):
        together([])
    with pytest.raises(InvalidInput, match=r"widths \[8, 16\]"):
        together([*starts(width=16), *starts(width=8)])
    with pytest.raises(InvalidInput, match="memory_budget is 0"):
        together(memory_budget=0)
    with pytest.raises(InvalidInput, match="radius is -1"):
        together(radius=-1.0)
