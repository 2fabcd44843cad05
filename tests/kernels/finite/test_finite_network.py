"""Networks of finite width: the draw, the output, and what does not fit together."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import sympy

from robustntk.bounds import InvalidInput
from robustntk.kernels import numeric
from robustntk.kernels.architecture import LINEAR, Architecture, fully_connected, paper_network
from robustntk.kernels.finite.finite_network import FiniteNetwork

MIXED = fully_connected(
    ["erf", "relu", "gelu"], trained="all", weight_variance=[2, "1/3", 1, 5], bias_variance=[0, "1/4", 1, 3]
)


def points(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def written_out(network: FiniteNetwork, x: np.ndarray) -> float:
    """The formula in the docstring of `architecture`, neuron by neuron, from normal draws or from trained products."""
    architecture, hidden = network.architecture, list(x)
    for index, (weights, bias) in enumerate(network.parameters):
        s, t = (
            float(v[index]) ** 0.5 if architecture.parametrization == "ntk" else 1.0
            for v in (architecture.weight_variances, architecture.bias_variances)
        )
        if architecture.parametrization == "ntk" and index > 0:
            s /= len(hidden) ** 0.5
        shift = [0.0] * len(weights) if bias is None else [t * float(b) for b in bias]
        z = [
            s * sum(w * h for w, h in zip(row, hidden, strict=True)) + b for row, b in zip(weights, shift, strict=True)
        ]
        if index == architecture.depth:
            return float(z[0])
        hidden = list(numeric(architecture.activations[index])(np.array(z)))
    raise AssertionError


@pytest.mark.parametrize(
    ("architecture", "widths"),
    [
        (MIXED, [7, 4, 6]),
        (fully_connected("tanh", 2, weight_variance=2, bias_variance=1, parametrization="standard", width=5), None),
        (paper_network(2, 6), None),
    ],
)
def test_the_output_is_the_formula(architecture: Architecture, widths: list[int] | None) -> None:
    network, X = FiniteNetwork.initialise(architecture, 3, widths, seed=2), points(4, 3)
    expected = np.array([written_out(network, x) for x in X])
    np.testing.assert_allclose(network.forward(X), expected, rtol=1e-12)
    # One variance that is off by a thousandth, or the other parametrisation, gives another function.
    first, *others = architecture.weight_variances
    wrong = {
        "ntk": replace(architecture, weight_variances=(first * sympy.Rational(1001, 1000), *others)),
        "standard": replace(architecture, parametrization="ntk", width=None),
    }[architecture.parametrization]
    assert np.abs(FiniteNetwork(wrong, network.parameters).forward(X) / expected - 1).max() > 1e-5


def test_both_parametrisations_draw_the_same_function() -> None:
    ntk = fully_connected("erf", 3, weight_variance=[1, 2, 3, 4], bias_variance=[1, 0, "1/2", 2])
    standard = replace(ntk, parametrization="standard", width=11)
    X = points(5, 4)
    left, right = FiniteNetwork.initialise(ntk, 4, 11, seed=9), FiniteNetwork.initialise(standard, 4, seed=9)
    np.testing.assert_allclose(left.forward(X), right.forward(X), rtol=1e-12)
    assert right.widths == left.widths == (11, 11, 11) and right.dimension == 4
    assert [factor for factor, _ in right.multipliers] == [1.0] * 4
    np.testing.assert_allclose(
        left.multipliers, [(1, 1), ((2 / 11) ** 0.5, 0), ((3 / 11) ** 0.5, 0.5**0.5), ((4 / 11) ** 0.5, 2**0.5)]
    )


def test_a_seed_means_the_same_draw_always_and_everywhere() -> None:
    network = FiniteNetwork.initialise(MIXED, 2, 3, seed=0)
    (W1, b1), (W2, b2), *_ = network.parameters
    assert b1 is None and b2 is not None
    # The first standard normals of PCG64(0), as documented by NumPy.
    np.testing.assert_allclose(W1[0], [0.12573022, -0.13210486], rtol=1e-7)
    stream = np.random.default_rng(0).standard_normal(6 + 9 + 3)
    assert np.array_equal(np.concatenate([W1.ravel(), W2.ravel(), b2]), stream)
    assert not np.array_equal(W1, FiniteNetwork.initialise(MIXED, 2, 3, seed=1).parameters[0][0])


def test_float32_draws_are_the_rounded_ones_and_stay_float32() -> None:
    wide, narrow = (FiniteNetwork.initialise(MIXED, 4, 30, seed=1, dtype=dtype) for dtype in (np.float64, np.float32))
    assert np.array_equal(narrow.parameters[1][0], wide.parameters[1][0].astype(np.float32))
    output = narrow.forward(points(6, 4))
    assert output.dtype == np.float32 and wide.forward(points(6, 4)).dtype == np.float64
    np.testing.assert_allclose(output, wide.forward(points(6, 4)), atol=1e-5)


@pytest.mark.parametrize("name", ["relu", "erf"])
def test_outputs_of_wide_networks_have_the_variance_of_the_architecture(name: str) -> None:
    """E f(x)^2 = s_3^2 E[sigma(z_2)^2] + t_3^2 in the limit; by quadrature, over seeds, within five standard errors."""
    architecture = fully_connected(name, 2, weight_variance=[2, 3, "1/2"], bias_variance=[0, 1, "1/4"])
    x = np.array([[0.6, 0.8]])
    squares = np.array([FiniteNetwork.initialise(architecture, 2, 200, seed=s).forward(x)[0] ** 2 for s in range(600)])
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    second = 3 * (weights @ numeric(name)(np.sqrt(2) * nodes) ** 2) / weights.sum() + 1
    variance = 0.5 * (weights @ numeric(name)(np.sqrt(second) * nodes) ** 2) / weights.sum() + 0.25
    error = squares.std(ddof=1) / np.sqrt(len(squares))
    assert abs(squares.mean() - variance) < 5 * error
    assert abs(squares.mean() - 1.5 * variance) > 5 * error


def test_a_linear_network_is_the_product_of_its_matrices() -> None:
    network = FiniteNetwork.initialise(fully_connected([LINEAR, LINEAR], trained="all"), 3, [4, 5], seed=1)
    (A, _), (B, _), (C, _) = network.parameters
    X = points(6, 3)
    np.testing.assert_allclose(network.forward(X), (X @ (C @ B @ A).T)[:, 0] / np.sqrt(20), rtol=1e-12)


def test_parameters_may_come_from_anywhere() -> None:
    drawn = FiniteNetwork.initialise(MIXED, 3, [4, 5, 6], seed=0)
    moved = tuple((W + 0.1, b if b is None else b - 0.2) for W, b in drawn.parameters)
    network = FiniteNetwork(MIXED, moved)
    assert network.parameters[1][0] is moved[1][0]
    np.testing.assert_allclose(network.forward(points(2, 3)), [written_out(network, x) for x in points(2, 3)])
    assert repr(network).endswith("inputs 3, widths 4, 5, 6, float64)")


def test_refusals() -> None:
    drawn = FiniteNetwork.initialise(MIXED, 3, [4, 5, 6])
    (W1, b1), (W2, b2), third, readout = drawn.parameters
    assert all(a[0].shape[0] == b[0].shape[1] for a, b in pairwise(drawn.parameters))
    wrong = {
        "3 layers": ((W1, b1), (W2, b2), third),
        r"layer 2 have shape \(5, 3\)": ((W1, b1), (W2[:, :3], b2), third, readout),
        "layer 2 has no bias": ((W1, b1), (W2, None), third, readout),
        "layer 1 has a bias": ((W1, np.zeros(4)), (W2, b2), third, readout),
        r"bias of layer 2 has shape \(4,\)": ((W1, b1), (W2, b2[:4]), third, readout),
        "readout has 2 rows": ((W1, b1), (W2, b2), third, (np.zeros((2, 6)), np.zeros(2))),
        "float32, float64": ((W1.astype(np.float32), b1), (W2, b2), third, readout),
    }
    for message, parameters in wrong.items():
        with pytest.raises(InvalidInput, match=message):
            FiniteNetwork(MIXED, parameters)
    with pytest.raises(InvalidInput, match=r"X has shape \(2, 2\): expected \(n, 3\)"):
        drawn.forward(np.zeros((2, 2)))
    standard = fully_connected("relu", 2, parametrization="standard", width=5)
    for arguments, message in [
        ((MIXED, 3), "widths is None"),
        ((MIXED, 3, [1, 2]), "2 widths are given"),
        ((MIXED, 3, 0), "widths are"),
        ((MIXED, 0, 3), "the dimension is 0"),
        ((standard, 3, 6), r"widths are \(6, 6\): expected 5"),
    ]:
        with pytest.raises(InvalidInput, match=message):
            FiniteNetwork.initialise(*arguments)
    with pytest.raises(InvalidInput, match="float16"):
        FiniteNetwork.initialise(MIXED, 3, 4, dtype=np.float16)
