"""The public strategies draw what they say, and what they draw can be read, made again and shrunk."""

from typing import Any

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from robustntk.bounds import Activation, InvalidInput, Loss
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.checking import cases, strategies
from robustntk.verify.checking.cases import DataCase, FunctionCase, Move, NetworkCase, RunCase
from robustntk.verify.checking.network_case import Remainder
from robustntk.verify.checking.run_case import ADVERSARIES, SETS
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.protocol import PerturbationSet

FEW = settings(max_examples=40)
TINY = 1e-9


@FEW
@given(strategies.activations(smooth=True, bounded=True), strategies.losses(lipschitz=True, zero_at_label=True))
def test_activations_and_losses_have_the_constants_asked_for(activation: Activation, loss: Loss) -> None:
    assert activation.curvature_lipschitz is not None and activation.derivative_bound is not None
    assert loss.lipschitz is not None and loss.zero_at_label


@FEW
@given(strategies.caps(), st.integers(3, 6), strategies.seeds())
def test_caps_are_usable(cap: SphericalCap, dimension: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    centre = rng.standard_normal((1, dimension))
    centre = cap.project(centre, centre)
    assert cap.contains(cap.sample(centre, 1, rng)[0], centre, tolerance=1e-9).all()


@FEW
@given(strategies.perturbation_sets(), strategies.seeds())
def test_perturbation_sets_hold_their_centres(sets: PerturbationSet, seed: int) -> None:
    rows = np.random.default_rng(seed).random((2, 4)) + 0.1
    centers = sets.project(rows, rows) if sets.space == "sphere" else rows
    assert sets.contains(centers, centers, tolerance=1e-9).all()
    assert np.allclose(np.linalg.norm(sets.embed(centers), axis=1), 1.0)


@FEW
@given(strategies.data_cases())
def test_data_lie_on_the_sphere_with_both_labels(case: DataCase) -> None:
    assert np.allclose(np.linalg.norm(case.X, axis=1), 1.0)
    assert np.all(case.X[:, -1] == case.bias)
    assert case.y[0] == 1.0 and (case.samples == 1 or case.y[1] == -1.0)
    assert case.cap.angle == pytest.approx(case.angle)


@FEW
@given(strategies.network_cases())
def test_networks_stay_in_the_ball_around_a_symmetric_start(case: NetworkCase) -> None:
    for weights in (case.weights, case.others):
        assert np.linalg.norm(weights - case.initial) <= case.radius * (1.0 + 1e-12)
    assert case.moves.width == case.width
    assert abs(np.linalg.norm(case.point) - 1.0) < TINY
    assert np.array_equal(case.initial[: case.pairs], case.initial[case.pairs :])


@FEW
@given(strategies.network_cases(smooth=True, tied=True))
def test_tied_networks_are_tied(case: NetworkCase) -> None:
    assert case.sigma.curvature_lipschitz is not None
    assert np.max(np.abs(case.moves.means)) < TINY


@FEW
@given(strategies.tied_moves(), strategies.initialisations())
def test_moves_and_initialisations_fit(move: Move, start: SymmetricInitialisation) -> None:
    point = np.eye(start.dimension)[0]
    moved = move.displacement(start.width // 2, point, 2.0)
    assert moved.shape == start.weights.shape
    assert np.linalg.norm(moved) == pytest.approx(2.0 * abs(move.size))


@FEW
@given(strategies.function_cases())
def test_kernel_functions_come_with_points_of_their_cap(case: FunctionCase) -> None:
    centres = np.broadcast_to(case.centre, case.points.shape)
    assert case.data.cap.contains(case.points, centres, tolerance=1e-7).all()
    assert np.isfinite(case.predictor.predict(case.points)).all()


@FEW
@given(strategies.run_cases(constraints=SETS))
def test_runs_stay_in_their_set(case: RunCase) -> None:
    for weights in case.run.weights:
        move = weights - case.initial
        assert np.linalg.norm(move) <= case.radius * (1.0 + 1e-9)
        if case.tied:
            longest = case.row_radius / np.sqrt(case.width)
            assert np.max(np.linalg.norm(move, axis=1)) <= longest * (1.0 + 1e-9)
            assert np.allclose(move[: case.pairs], -move[case.pairs :])
    assert len(case.run.losses) == case.iterations
    assert case.adversary in ADVERSARIES


@pytest.mark.parametrize(
    "strategy",
    [
        strategies.network_cases(),
        strategies.data_cases(),
        strategies.function_cases(),
        strategies.moves(),
        strategies.run_cases(),
    ],
    ids=["networks", "data", "functions", "moves", "runs"],
)
def test_cases_are_made_again_by_their_repr(strategy: st.SearchStrategy[Any]) -> None:
    @FEW
    @given(strategy)
    def check(case: Any) -> None:
        assert eval(repr(case), vars(cases)) == case
        assert "\n" not in repr(case)

    check()


def test_networks_shrink_to_one_pair_and_round_numbers() -> None:
    def large(case: NetworkCase) -> bool:
        return Remainder.between(case, case.weights, case.others).size > 0.001

    case = find(strategies.network_cases(), large, settings=settings(max_examples=100))
    assert (case.pairs, case.dimension, case.seed) == (1, 3, 0)
    assert case.second.seed == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: Move(shape="sideways"),
        lambda: DataCase(arrangement="heap"),
        lambda: FunctionCase(function="f"),
        lambda: RunCase(adversary="friend"),
        lambda: RunCase(constraint="cube"),
    ],
)
def test_unknown_kinds_are_refused(make: Any) -> None:
    with pytest.raises(InvalidInput, match="expected one of"):
        make()
