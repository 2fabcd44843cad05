"""Kernels at points of any norm against 60 digits, at random and at adversarial pairs."""

import doctest
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from types import ModuleType

import numpy as np
import pytest
import sympy
from mpmath import mpf

import robustntk.kernels.any_norm.matrix
from robustntk.bounds import Activation, InvalidInput
from robustntk.bounds.activation import z as symbol
from robustntk.kernels import deep_kernel, gram, ntk_enclosure
from robustntk.kernels.any_norm.matrix import ntk_matrix
from robustntk.kernels.architecture import LINEAR, Architecture, fully_connected, paper_network

CLOSED = ("relu", "quadratic_relu", "erf", "gelu", "sin", "sin_cos")
SERIES = ("tanh", "softplus", "sigmoid")
# What issue 4 asks for at depth 1 and 5, and what lies between.
LIMIT = {1: 1e-14, 2: 1e-13, 3: 1e-13, 4: 1e-12, 5: 1e-12}
DISTANCES = (1.0, 1e-4, 1e-8, 1e-10, 1e-12)


def adversarial_pairs() -> tuple[np.ndarray, np.ndarray]:
    """A vector, and others: near it, equal, collinear, near-antipodal, antipodal, unrelated, tiny and zero."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal(6) / 2
    across = rng.standard_normal(6)
    across -= across @ x / (x @ x) * x
    across *= np.linalg.norm(x) / np.linalg.norm(across)
    near = [x + distance * across for distance in DISTANCES]
    others = [x, 1.5 * x, 1.5 * near[3], (1 + 1e-9) * x, -x, -near[2], -x - 1e-5 * across, rng.standard_normal(6)]
    return x[None], np.array([*near, *others, 1e-6 * rng.standard_normal(6), 0 * x])


def configurations(name: str, depths: tuple[int, ...]) -> Iterator[Architecture]:
    """Every choice of trained layers, with and without biases, in both parametrisations."""
    for depth in depths:
        yield fully_connected(name, depth, trained="all")
        yield fully_connected(name, depth, trained="hidden", weight_variance=2, bias_variance="1/10")
        yield fully_connected(name, depth, trained="first", bias_variance="1/3")
        yield fully_connected(name, depth, trained="readout", weight_variance="3/2")
        yield fully_connected(name, depth, trained=(False, *(True,) * (depth - 1), True), bias_variance="1/7")
        yield fully_connected(
            name, depth, trained="all", bias_variance="1/5", parametrization="standard", width=50, weight_variance="1/2"
        )


def largest_error(
    reference: ModuleType, architecture: Architecture, x: np.ndarray, Z: np.ndarray, *, digits: int = 80
) -> float:
    """The largest relative error of a row of kernel values; an exact zero has to be zero. NaN is infinite."""
    values = ntk_matrix(architecture, x, Z)[0]
    worst = 0.0
    for value, z in zip(values.tolist(), Z, strict=True):
        exact = reference.kernel(architecture, x[0], z, digits=digits)
        error = float(abs(mpf(value) - exact) / abs(exact)) if exact else abs(value)
        worst = max(worst, error if error == error else np.inf)
    return worst


@pytest.mark.parametrize("name", CLOSED)
def test_every_configuration_is_right_at_adversarial_pairs(deep_reference: ModuleType, name: str) -> None:
    x, Z = adversarial_pairs()
    for architecture in configurations(name, (1, 3, 5)):
        assert largest_error(deep_reference, architecture, x, Z) < LIMIT[architecture.depth], architecture.label


@pytest.mark.parametrize("name", SERIES)
def test_series_are_right_at_adversarial_pairs(deep_reference: ModuleType, name: str) -> None:
    x, Z = (each / 2 for each in adversarial_pairs())
    assert largest_error(deep_reference, fully_connected(name, 1, trained="all"), x, Z[[1, 5, 9, 12, 14]]) < LIMIT[1]
    deeper = fully_connected(name, 2, trained="all", bias_variance="1/10")
    assert largest_error(deep_reference, deeper, x, Z[[3, 6]]) < LIMIT[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", SERIES)
def test_series_are_right_in_every_configuration(deep_reference: ModuleType, name: str) -> None:
    x, Z = (each / 2 for each in adversarial_pairs())
    for architecture in configurations(name, (1, 3, 5)):
        assert largest_error(deep_reference, architecture, x, Z) < LIMIT[architecture.depth], architecture.label


@pytest.mark.parametrize("bias", [0, "1/10"])
def test_a_relu_after_smooth_layers_feels_the_angle(deep_reference: ModuleType, bias: int | str) -> None:
    x, Z = adversarial_pairs()
    for activations in (["erf", "relu"], ["gelu", "quadratic_relu", "relu"], ["sin", LINEAR, "relu"]):
        architecture = fully_connected(activations, trained="all", bias_variance=bias)
        assert largest_error(deep_reference, architecture, x, Z) < LIMIT[2], architecture.label


@pytest.mark.parametrize("name", SERIES)
def test_large_norms_without_closed_form(deep_reference: ModuleType, name: str) -> None:
    """Beyond every series; the reference needs many nodes there, so that one near and one far pair must do."""
    x, Z = adversarial_pairs()
    x, Z = x * (8 / np.linalg.norm(x)), Z * (8 / np.linalg.norm(x))
    architecture = fully_connected(name, 1, trained="all", bias_variance="1/10")
    assert largest_error(deep_reference, architecture, x, Z[[3, 7]]) < LIMIT[1]


def test_the_network_of_the_paper(deep_reference: ModuleType) -> None:
    x, Z = adversarial_pairs()
    assert largest_error(deep_reference, paper_network(4, 100), x, Z) < LIMIT[5]


def test_far_norms(deep_reference: ModuleType) -> None:
    """Norms from 1e-100 to 1e60; a kernel of bounded activations saturates there."""
    x, _ = adversarial_pairs()
    direction = np.random.default_rng(1).standard_normal(6)
    Z = np.array([1e-100 * direction, 1e-8 * direction, 1e8 * direction, 1e60 * direction])
    for architecture in (
        fully_connected("relu", 3, trained="all"),
        fully_connected("relu", 3, trained="all", bias_variance="1/10"),
        fully_connected("gelu", 2, trained="readout"),
        fully_connected("erf", 2, trained="readout"),
    ):
        assert largest_error(deep_reference, architecture, x, Z, digits=400) < LIMIT[3], architecture.label


@pytest.mark.parametrize("name", CLOSED)
def test_a_slightly_falsified_reference_is_refuted(deep_reference: ModuleType, name: str) -> None:
    """Biases changed by a millionth of a millionth are seen, and so is another angle at a distance of 1e-10."""
    x, Z = adversarial_pairs()
    architecture = fully_connected(name, 3, trained="all", bias_variance="1/10")
    other = fully_connected(name, 3, trained="all", bias_variance="100000000001/1000000000000")
    value = ntk_matrix(architecture, x, Z[:1])[0, 0]
    exact, falsified = (deep_reference.kernel(each, x[0], Z[0]) for each in (architecture, other))
    assert abs(value - exact) / abs(exact) < LIMIT[3] < abs(value - falsified) / abs(falsified)


def test_a_naive_angle_is_refuted(deep_reference: ModuleType) -> None:
    """At a distance of 1e-8 the cosine alone gives a value that the limit refuses."""
    x, Z = adversarial_pairs()
    z = Z[2]
    architecture = fully_connected("relu", 1)
    cosine = min(float(x[0] @ z / np.sqrt((x[0] @ x[0]) * (z @ z))), 1.0)
    naive = float(x[0] @ z) * (np.pi - np.arccos(cosine)) / (2 * np.pi)
    exact = deep_reference.kernel(architecture, x[0], z)
    assert abs(ntk_matrix(architecture, x, z[None])[0, 0] - exact) / exact < LIMIT[1] < abs(naive - exact) / exact


def sample(n: int = 60, dimension: int = 5) -> np.ndarray:
    """Points of many norms, two of them equal, two near, one zero."""
    rng = np.random.default_rng(8)
    X = rng.standard_normal((n, dimension)) * rng.uniform(0.1, 0.8, (n, 1))
    X[5] = X[17]
    X[6] = X[18] + 1e-11
    X[30] = 0
    return X


@pytest.mark.parametrize("name", [*CLOSED, "tanh"])
@pytest.mark.parametrize("bias", [0, "1/10"])
def test_symmetric_and_exactly_diagonal_for_equal_rows(name: str, bias: int | str) -> None:
    X = sample()
    architecture = fully_connected(name, 2, trained="all", bias_variance=bias)
    K = ntk_matrix(architecture, X)
    assert np.array_equal(K, K.T)
    assert K[5, 17] == K[5, 5] == K[17, 17]
    assert np.allclose(K[5], K[17], rtol=1e-14, atol=1e-15)
    assert np.allclose(ntk_matrix(architecture, X, X.copy()), K, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", ["relu", "erf", "tanh"])
def test_blocks_of_rows_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    X = sample()
    architecture = fully_connected([name, "relu"], trained="all", bias_variance="1/10")
    whole, rectangle = ntk_matrix(architecture, X), ntk_matrix(architecture, X, X[:7])
    monkeypatch.setattr(robustntk.kernels.any_norm.matrix, "_ENTRIES_AT_ONCE", 70)
    assert np.allclose(ntk_matrix(architecture, X), whole, rtol=1e-14, atol=0)
    assert np.allclose(ntk_matrix(architecture, X, X[:7]), rectangle, rtol=1e-14, atol=0)


def pivots(K: np.ndarray, shift: float) -> list[Fraction]:
    """Of the exact matrix K - shift I: all positive if and only if it is positive definite."""
    rows = [[Fraction(float(entry)) for entry in row] for row in K]
    for i, row in enumerate(rows):
        row[i] -= Fraction(shift)
    found = []
    for i in range(len(rows)):
        found.append(rows[i][i])
        for j in range(i + 1, len(rows)):
            factor = rows[j][i] / rows[i][i]
            rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i], strict=True)]
    return found


@pytest.mark.parametrize("name", CLOSED)
def test_positive_definite_beyond_what_rounding_could_do(name: str) -> None:
    """Entries within LIMIT max|K| of the exact ones move eigenvalues by at most n times that (Weyl)."""
    X = np.random.default_rng(2).standard_normal((7, 9))
    K = ntk_matrix(fully_connected(name, 3, trained="all", bias_variance="1/10"), X)
    shift = 7 * LIMIT[3] * float(np.abs(K).max())
    assert all(pivot > 0 for pivot in pivots(K, shift))
    smallest = float(np.linalg.eigvalsh(K)[0])
    assert not all(pivot > 0 for pivot in pivots(K, 1.001 * smallest))


def test_zero_vectors_have_the_kernel_of_the_biases(deep_reference: ModuleType) -> None:
    zero = np.zeros((1, 3))
    for name in ("relu", "erf", "softplus", "sin_cos"):
        for bias in (0, 1):
            architecture = fully_connected(name, 2, trained="all", bias_variance=bias)
            exact = deep_reference.kernel(architecture, zero[0], zero[0])
            assert abs(ntk_matrix(architecture, zero)[0, 0] - exact) <= LIMIT[2] * exact


def test_float32_is_the_rounded_result() -> None:
    X = sample()
    architecture = fully_connected("relu", 3, trained="all")
    single = ntk_matrix(architecture, X, dtype=np.float32)
    assert single.dtype == np.float32
    assert np.array_equal(single, ntk_matrix(architecture, X).astype(np.float32))


@pytest.mark.parametrize("name", [*CLOSED, *SERIES])
def test_on_the_sphere_the_enclosures_hold_it(name: str) -> None:
    """A ball of the deep kernel at u = 0 and 1, of vectors for which these are exact."""
    X = np.array([[1.0, 0.0], [0.0, 1.0]])
    architecture = fully_connected(name, 3, trained="all", bias_variance="1/10")
    K = ntk_matrix(architecture, X)
    for value, u in ((K[0, 1], 0), (K[1, 1], 1)):
        ball = ntk_enclosure(architecture, u)
        assert float(ball.rad()) < 1e-15
        assert abs(value - float(ball.mid())) < LIMIT[3] * float(ball.mid())


@pytest.mark.parametrize("name", [*CLOSED, *SERIES])
def test_on_the_sphere_it_agrees_with_the_gram_matrix_of_the_deep_kernel(name: str) -> None:
    X = unit_rows_of(sample()[:29])
    for architecture in (fully_connected(name, 2, trained="all"), fully_connected(name, 2, bias_variance="1/10")):
        K, other = ntk_matrix(architecture, X), gram(deep_kernel(architecture), X)
        assert np.all(np.abs(K - other) <= 1e-13 * np.max(np.abs(K)))
        assert not np.all(np.abs(1.00001 * K - other) <= 1e-13 * np.max(np.abs(K)))


def unit_rows_of(X: np.ndarray) -> np.ndarray:
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def test_small_matrices_load_no_jax() -> None:
    code = """
import sys
import numpy as np
from robustntk.kernels import deep_kernel, gram, ntk_enclosure
from robustntk.kernels.any_norm.matrix import ntk_matrix
from robustntk.kernels.architecture import fully_connected
for name in ("relu", "gelu", "tanh"):
    ntk_matrix(fully_connected([name, "relu"]), np.eye(3) * 2)
print("jax" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_matrices_of_homogeneous_networks_factor(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same within rounding as the recursion, and as symmetric."""
    X, Z = sample(), sample()[20:27] + 0.25
    for architecture in (
        fully_connected("relu", 3, trained="all", weight_variance=2),
        fully_connected(["quadratic_relu", "relu"], trained="hidden"),
        paper_network(2, 10),
    ):
        exact, other = ntk_matrix(architecture, X), ntk_matrix(architecture, X, Z)
        with monkeypatch.context() as patch:
            patch.setattr(robustntk.kernels.any_norm.matrix, "_LARGE", 0)
            fast, rectangle = ntk_matrix(architecture, X, dtype=dtype), ntk_matrix(architecture, X, Z, dtype=dtype)
        assert fast.dtype == dtype
        assert np.array_equal(fast, fast.T)
        diagonals = np.sqrt(np.diag(exact)), np.sqrt(np.diag(ntk_matrix(architecture, Z)))
        limit = 30 * np.finfo(dtype).eps
        assert np.all(np.abs(fast - exact) <= limit * np.outer(diagonals[0], diagonals[0]))
        assert np.all(np.abs(rectangle - other) <= limit * np.outer(*diagonals))
        assert not np.all(np.abs(rectangle * (1 + 2 * limit) - other) <= limit * np.outer(*diagonals))


def test_large_matrices_of_networks_unknown_on_the_sphere(monkeypatch: pytest.MonkeyPatch) -> None:
    network = fully_connected(Activation.define("tenth power", sympy.Max(symbol, 0) ** 10), trained="all")
    X = sample()
    exact = ntk_matrix(network, X)
    monkeypatch.setattr(robustntk.kernels.any_norm.matrix, "_LARGE", 0)
    assert np.array_equal(ntk_matrix(network, X), exact)


def test_no_rows_and_integers() -> None:
    architecture = fully_connected("tanh", 2)
    assert ntk_matrix(architecture, np.zeros((0, 3))).shape == (0, 0)
    assert ntk_matrix(architecture, np.zeros((0, 3)), np.zeros((2, 3))).shape == (0, 2)
    assert ntk_matrix(architecture, np.zeros((2, 3)), np.zeros((0, 3))).shape == (2, 0)
    assert ntk_matrix(fully_connected("relu"), np.array([[1, 0]])).tolist() == [[0.5]]


@pytest.mark.parametrize(
    ("X", "Z", "message"),
    [
        (np.ones(3), None, r"X has shape \(3,\): expected \(n, d\)"),
        (np.array([[1.0], [np.nan]]), None, "row 1 of X has the largest entry nan: expected finite"),
        (np.array([[1.0]]), np.array([[np.inf]]), "row 0 of Z has the largest entry inf: expected finite"),
        (np.array([[1e-200]]), None, "row 0 of X has the largest entry 1e-200: expected .* between 1e-140 and 1e"),
        (np.ones((2, 3)), np.ones((2, 4)), "X has 3 columns and Z has 4: expected the same number"),
    ],
)
def test_bad_points_are_named(X: np.ndarray, Z: np.ndarray | None, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        ntk_matrix(fully_connected("relu"), X, Z)


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(InvalidInput, match="dtype is float16: expected float32 or float64"):
        ntk_matrix(fully_connected("relu"), np.eye(2), dtype=np.float16)
    swish = Activation.define("swish", symbol * (1 + sympy.tanh(symbol)))
    with pytest.raises(InvalidInput, match="swish at a preactivation variance of 10000: .* points of smaller norm"):
        ntk_matrix(fully_connected(swish), np.array([[1.0], [100.0]]))
    with pytest.raises(
        InvalidInput, match="the variance of layer 2 reaches 1.5e\\+160: expected at most 1e\\+150, points of"
    ):
        ntk_matrix(fully_connected("quadratic_relu", 4), np.array([[1e40]]))


NEURAL_TANGENTS = """
import json
import numpy as np
import jax
from robustntk.kernels import deep_kernel, gram, ntk_enclosure
from robustntk.kernels.any_norm.matrix import ntk_matrix
from robustntk.kernels.architecture import fully_connected
from robustntk.kernels.interfaces.bridge import import_neural_tangents
stax = import_neural_tangents().stax
rng = np.random.default_rng(0)
X, Z = rng.standard_normal((5, 7)), rng.standard_normal((4, 7)) / 3
errors = {}
for name, layer in {"relu": stax.Relu(), "erf": stax.Erf(), "gelu": stax.Gelu(), "sin": stax.Sin()}.items():
    for depth in (1, 3):
        # Their first layer divides by the dimension.
        dense = [stax.Dense(1, W_std=(1.5 * (7 if index == 0 else 1)) ** 0.5, b_std=0.5) for index in range(depth + 1)]
        layers = [each for one in dense[:-1] for each in (one, layer)] + dense[-1:]
        with jax.enable_x64(True):
            both = stax.serial(*layers)[2](jax.numpy.asarray(X), jax.numpy.asarray(Z), ("nngp", "ntk"))
            theirs = {"readout": np.asarray(both.nngp), "all": np.asarray(both.ntk)}
        for trained, other in theirs.items():
            ours = fully_connected(name, depth, trained=trained, weight_variance="3/2", bias_variance="1/4")
            K = ntk_matrix(ours, X, Z)
            assert other.dtype == np.float64
            errors[f"{name} {depth} {trained}"] = float(np.abs(K - other).max() / np.abs(K).max())
print(json.dumps(errors))
"""


@pytest.mark.skipif(importlib.util.find_spec("neural_tangents") is None, reason="neural-tangents is not installed")
def test_neural_tangents_agrees() -> None:
    done = subprocess.run([sys.executable, "-c", NEURAL_TANGENTS], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    errors = json.loads(done.stdout)
    assert len(errors) == 16
    assert all(error < 1e-12 for error in errors.values()), errors


def test_the_example_is_true() -> None:
    result = doctest.testmod(robustntk.kernels.any_norm.matrix)
    assert result.attempted > 2
    assert result.failed == 0
