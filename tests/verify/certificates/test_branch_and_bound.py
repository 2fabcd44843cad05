"""Branch and bound: gaps close, brute force agrees, and what is not proved does not pass for it."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, Verdict, get_activation
from robustntk.kernels import SymmetricInitialisation, dual_kernel
from robustntk.verify.certificates.branch_and_bound import branch_and_bound, exact_minima
from robustntk.verify.certificates.cap_cover import CapCover, Partition
from robustntk.verify.certificates.certify import certify
from robustntk.verify.data import embed
from robustntk.verify.predictors import KernelPredictor, TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap

ACTIVATIONS = ("quadratic_relu", "erf", "tanh", "softplus", "gelu", "sin_cos")
Function = KernelPredictor | TwoLayerNetwork


def some_point(dimension: int, seed: int, bias: float | None) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if bias is not None:
        return embed(rng.standard_normal((1, dimension - 1)), bias=bias)[0]
    point = rng.standard_normal(dimension)
    return np.asarray(point / np.linalg.norm(point))


def some_network(name: str, width: int, dimension: int, seed: int) -> TwoLayerNetwork:
    """Moves of Frobenius norm about 3, as training makes them."""
    start = SymmetricInitialisation(width, dimension, seed)
    moves = np.random.default_rng([seed, 1]).standard_normal((width, dimension)) * 3.0 / math.sqrt(width * dimension)
    return TwoLayerNetwork(start.weights + moves, start.signs, get_activation(name))


def some_kernel_function(name: str, point: np.ndarray, cap: SphericalCap, seed: int) -> KernelPredictor:
    """With centres at the point, in its cap, on the rim, and elsewhere on the sphere."""
    rng = np.random.default_rng([seed, 2])
    near = [cap.sample(point[None], 1, rng, part=part)[0] for part in ("cap", "rim")]
    far = [some_point(len(point), 100 + seed + i, cap.bias)[None] for i in range(6)]
    centers = np.concatenate([point[None], *near, *far])
    return KernelPredictor(dual_kernel(name), centers, 3.0 * rng.standard_normal(len(centers)))


def grid(point: np.ndarray, cap: SphericalCap) -> np.ndarray:
    """A fine grid of the cap in polar coordinates, rim included: spheres of dimension 1 and 2."""
    moving = point if cap.bias is None else point[:-1]
    direction = moving / np.linalg.norm(moving)
    frame = np.linalg.svd(direction[None, :])[2][1:]
    if len(frame) == 1:
        polar, tangents = np.linspace(-cap.angle, cap.angle, 5_001)[:, None], frame
    else:
        around, outward = np.meshgrid(np.linspace(0, 2 * np.pi, 200, endpoint=False), np.linspace(0, cap.angle, 101))
        polar = outward.reshape(-1, 1)
        tangents = np.stack([np.cos(around), np.sin(around)], axis=-1).reshape(-1, 2) @ frame
    points = cap.radius * (np.cos(polar) * direction + np.sin(polar) * tangents)
    return points if cap.bias is None else np.hstack([points, np.full((len(points), 1), cap.bias)])


DELTAS = (0.05, 0.1, 0.3, 0.5)
CASES = [
    pytest.param(name, dimension, width, DELTAS[index % 4], id=f"{name}-d{dimension}-m{width}-delta{DELTAS[index % 4]}")
    for index, (width, dimension, name) in enumerate(
        (width, dimension, name) for width in (0, 10, 100, 1000) for dimension in (3, 4) for name in ACTIVATIONS
    )
]


@pytest.mark.parametrize(("name", "dimension", "width", "delta"), CASES)
def test_the_gap_closes_and_brute_force_agrees(name: str, dimension: int, width: int, delta: float) -> None:
    """Width 0 stands for a kernel function."""
    point, cap = some_point(dimension, 7, 0.5), SphericalCap(delta)
    function: Function = some_network(name, width, dimension, 3) if width else some_kernel_function(name, point, cap, 3)
    found = branch_and_bound(function, point, 1.0, cap)
    assert found.closed and found.gap <= 1e-6
    assert found.partition.is_complete
    values = function.predict(grid(point, cap))
    assert found.lower <= values.min()
    assert found.upper <= values.min() + 1e-6
    # The grid misses the minimum by an amount of second order in its spacing.
    assert values.min() <= found.lower + 1e-3
    assert cap.contains(found.minimiser[None], point[None])[0]
    assert abs(function.predict(found.minimiser[None])[0] - found.upper) <= 1e-7
    # A lower bound raised by ten times the tolerance is contradicted by a value on the grid, or at the minimiser.
    lowest = min(values.min(), function.predict(found.minimiser[None])[0])
    assert not found.lower + 1e-5 <= lowest


@pytest.mark.parametrize("width", [0, 10, 1000])
@pytest.mark.parametrize("name", ["quadratic_relu", "tanh"])
def test_the_gap_closes_on_the_whole_sphere_of_four_dimensions(name: str, width: int) -> None:
    point, cap = some_point(4, 9, None), SphericalCap(0.5, None)
    function: Function = some_network(name, width, 4, 5) if width else some_kernel_function(name, point, cap, 5)
    found = branch_and_bound(function, point, 1.0, cap)
    assert found.closed and found.partition.is_complete
    rng = np.random.default_rng(0)
    points = np.concatenate([cap.sample(point[None], 5000, rng, part=part)[:, 0] for part in ("cap", "rim")])
    lowest = min(function.predict(points).min(), function.predict(found.minimiser[None])[0])
    assert found.lower <= lowest < found.lower + 1e-5


@pytest.mark.parametrize("bias", [None, 0.0, 0.5], ids=["whole-sphere", "bias-0", "bias-half"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("name", ["quadratic_relu", "tanh"])
def test_other_certificates_are_consistent_with_it(name: str, sign: float, bias: float | None) -> None:
    dimension = 3 if bias is None else 4
    point, cap = some_point(dimension, 5, bias), SphericalCap(0.2, bias)
    for function in (some_network(name, 40, dimension, 1), some_kernel_function(name, point, cap, 1)):
        found = branch_and_bound(function, point, sign, cap)
        assert found.closed
        margins = certify(function, point[None], np.array([sign]), cap)
        on_request = certify(function, point[None], np.array([sign]), cap, methods=["branch and bound"])
        assert on_request.lower[0] == found.lower and on_request.method == ("branch and bound",)
        for lower in margins.by_method.values():
            assert lower[0] <= found.upper


@settings(max_examples=40)
@given(
    st.sampled_from(ACTIVATIONS),
    st.sampled_from([2, 3, 4]),
    st.sampled_from([0, 2, 30]),
    st.sampled_from([1e-4, 0.1, 1.2, 1.9]),
    st.booleans(),
    st.integers(0, 10**6),
)
def test_no_point_of_the_cap_is_below_the_lower_bound(
    name: str, sphere: int, width: int, delta: float, biased: bool, seed: int
) -> None:
    """Caps of any angle, on spheres of dimension 1 to 3, with few pieces allowed: closed or not, the bound is sound."""
    bias = 0.25 if biased else None
    dimension = sphere + 1 if biased else sphere
    point, cap = some_point(dimension, seed, bias), SphericalCap(delta, bias)
    if dimension < 3:
        return
    function: Function = (
        some_network(name, width, dimension, seed) if width else some_kernel_function(name, point, cap, seed)
    )
    sign = (-1.0) ** seed
    found = branch_and_bound(function, point, sign, cap, max_pieces=2000)
    rng = np.random.default_rng(seed)
    points = np.concatenate([cap.sample(point[None], 300, rng, part=part)[:, 0] for part in ("cap", "rim")])
    assert np.all(sign * function.predict(points) >= found.lower - 1e-12)
    assert found.lower <= found.upper
    assert found.closed == (found.gap <= 1e-6)


def test_a_small_budget_is_inconclusive_and_says_how_far_it_came() -> None:
    point, cap = some_point(4, 7, 0.5), SphericalCap(0.5)
    network = some_network("tanh", 100, 4, 3)
    exact = branch_and_bound(network, point, 1.0, cap)
    poor = branch_and_bound(network, point, 1.0, cap, max_pieces=exact.pieces // 3)
    assert poor.outcome.verdict is Verdict.INCONCLUSIVE and not poor.closed
    assert poor.pieces <= exact.pieces // 3
    assert poor.gap > 1e-6 and f"{poor.gap:.3g}" in poor.outcome.reason
    assert poor.lower <= exact.upper and exact.lower <= poor.upper
    assert poor.partition.is_complete
    assert branch_and_bound(network, point, 1.0, cap, tolerance=poor.gap * 1.01).pieces < exact.pieces


def test_a_search_that_loses_a_piece_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = CapCover.children

    def one_twice(cover: CapCover, cells: np.ndarray) -> np.ndarray:
        children = whole(cover, cells)
        return np.vstack([children[:-1], children[:1]]) if len(children) else children

    monkeypatch.setattr(CapCover, "children", one_twice)
    found = branch_and_bound(some_network("tanh", 30, 4, 3), some_point(4, 7, 0.5), 1.0, SphericalCap(0.5))
    assert not found.closed and found.outcome.verdict is Verdict.INCONCLUSIVE
    assert not found.partition.is_complete


def test_the_settled_cells_hold_the_cap_and_one_less_does_not() -> None:
    point, cap = some_point(4, 7, 0.5), SphericalCap(0.5)
    partition = branch_and_bound(some_network("tanh", 30, 4, 3), point, 1.0, cap).partition
    points = grid(point, cap)[:, :-1] / cap.radius
    assert partition.holds(points).all()
    level = max(partition.cells)
    less = Partition(partition.cover, {**partition.cells, level: partition.cells[level][1:]})
    assert not less.is_complete


def test_a_network_that_is_zero_everywhere_has_the_minimum_zero() -> None:
    start = SymmetricInitialisation(20, 4, 0)
    network = TwoLayerNetwork(start.weights, start.signs, get_activation("tanh"))
    found = branch_and_bound(network, some_point(4, 1, 0.5), 1.0, SphericalCap(0.1))
    assert found.closed and found.lower <= 0.0 <= found.upper


def test_rows_are_solved_one_by_one() -> None:
    cap, network = SphericalCap(0.2), some_network("erf", 20, 4, 3)
    points = np.stack([some_point(4, seed, 0.5) for seed in (1, 2)])
    both = exact_minima(network, points, np.array([1.0, -1.0]), cap)
    alone = branch_and_bound(network, points[1], -1.0, cap)
    assert both[1].lower == alone.lower and both[1].pieces == alone.pieces
    record = json.loads(json.dumps(both[0].to_json()))
    assert record["closed"] and record["outcome"] == "proved" and record["gap"] == both[0].gap


def test_bad_input_is_refused() -> None:
    point, cap, network = some_point(4, 1, 0.5), SphericalCap(0.1), some_network("tanh", 10, 4, 0)
    with pytest.raises(InvalidInput, match="sign is 0.5"):
        branch_and_bound(network, point, 0.5, cap)
    with pytest.raises(InvalidInput, match="tolerance is 0.0"):
        branch_and_bound(network, point, 1.0, cap, tolerance=0.0)
    with pytest.raises(InvalidInput, match="max_pieces is 0"):
        branch_and_bound(network, point, 1.0, cap, max_pieces=0)
    with pytest.raises(InvalidInput, match="off the sphere"):
        branch_and_bound(network, 1.1 * point, 1.0, cap)
    with pytest.raises(InvalidInput, match="Lipschitz"):
        branch_and_bound(some_network("relu", 10, 4, 0), point, 1.0, cap)
    with pytest.raises(InvalidInput, match="dimension 63"):
        branch_and_bound(some_network("tanh", 10, 65, 0), some_point(65, 0, 0.5), 1.0, cap)
