"""Conjugate gradients: what is proved about the residual is true, and what is not is said to be open or false."""

from fractions import Fraction

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, Verdict
from robustntk.kernels import gram
from robustntk.kernels.blocks.conjugate_gradient import LinearSolution, conjugate_gradients
from robustntk.kernels.blocks.operator import GramOperator, Product
from robustntk.kernels.deep import deep_kernel

KERNEL, N = deep_kernel("relu"), 60


class Dense:
    """A matrix that is held, as an operator; it counts its products."""

    symmetric = True

    def __init__(self, K: np.ndarray, *, noise: float = 0.0) -> None:
        self.K, self.shape, self.products, self.noise = K, (len(K), len(K)), 0, noise

    def product(self, V: np.ndarray) -> Product:
        self.products += 1
        wrong = 1 + self.noise * np.random.default_rng(self.products).standard_normal((len(V), V.shape[1]))
        return Product(self.K @ V * wrong, float(np.abs(self.K).max()), len(V))


def sphere(n: int = N, d: int = 6) -> np.ndarray:
    X = np.random.default_rng(0).standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


B = np.random.default_rng(1).standard_normal((N, 3))


def indefinite() -> np.ndarray:
    Q = np.linalg.qr(np.random.default_rng(3).standard_normal((N, N)))[0]
    K: np.ndarray = Q @ np.diag(np.linspace(-0.5, 2, N)) @ Q.T
    return (K + K.T) / 2


def squared_residual(K: np.ndarray, shift: float, x: np.ndarray, b: np.ndarray) -> Fraction:
    """||b - (K + shift I) x||^2 without rounding."""
    exact = [Fraction(entry) for entry in x.tolist()]
    rows = ([Fraction(entry) for entry in row] for row in K.tolist())
    products = [sum((a * c for a, c in zip(row, exact, strict=True)), Fraction(0)) for row in rows]
    terms = zip(b.tolist(), products, exact, strict=True)
    return sum(((Fraction(right) - product - Fraction(shift) * c) ** 2 for right, product, c in terms), Fraction(0))


@pytest.mark.parametrize("shift", [0.0, 1e-3, 10.0])
@pytest.mark.parametrize("tolerance", [1e-2, 1e-6, 1e-9])
def test_what_is_proved_holds_without_rounding(shift: float, tolerance: float) -> None:
    K = gram(KERNEL, sphere())
    with GramOperator.of_points(KERNEL, sphere(), block=N) as operator:
        solution = conjugate_gradients(operator, B, shift=shift, tolerance=tolerance)
    assert solution.outcome.verdict is Verdict.PROVED
    for k in range(3):
        square = squared_residual(K, shift, solution.x[:, k], B[:, k])
        size = sum((Fraction(entry) ** 2 for entry in B[:, k].tolist()), Fraction(0))
        assert square <= Fraction(solution.residual_bounds[k]) ** 2
        assert square <= Fraction(tolerance) ** 2 * size
        assert solution.residual_norms[k] <= solution.residual_bounds[k] <= tolerance * np.linalg.norm(B[:, k])


def test_one_right_hand_side_is_a_vector_and_the_same_as_a_column() -> None:
    operator = Dense(gram(KERNEL, sphere()))
    solution = conjugate_gradients(operator, B[:, 0], shift=1e-2)
    assert solution.x.shape == (N,)
    column = conjugate_gradients(operator, B[:, :1], shift=1e-2)
    assert np.array_equal(solution.x, column.x[:, 0])
    np.testing.assert_allclose(operator.K @ solution.x + 1e-2 * solution.x, B[:, 0], atol=1e-7)


def test_several_right_hand_sides_share_the_passes() -> None:
    K = gram(KERNEL, sphere())
    alone = [conjugate_gradients(Dense(K), B[:, k], shift=1e-2) for k in range(3)]
    operator = Dense(K)
    together = conjugate_gradients(operator, B, shift=1e-2)
    assert operator.products == together.passes
    assert together.passes <= max(solution.passes for solution in alone) + 2
    for k, solution in enumerate(alone):
        np.testing.assert_allclose(together.x[:, k], solution.x, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("shift", "right"), [(0.0, B), (0.1, B), (1.0, np.linalg.eigh(indefinite())[1][:, 0])])
def test_a_matrix_that_is_not_positive_semidefinite_is_refuted_by_a_witness(shift: float, right: np.ndarray) -> None:
    """Also where K + shift I is positive definite, and only K is not."""
    K = indefinite()
    solution = conjugate_gradients(Dense(K), right, shift=shift)
    assert solution.outcome.verdict is Verdict.REFUTED
    p = [Fraction(entry) for entry in solution.outcome.counterexample.tolist()]
    rows = ([Fraction(entry) for entry in row] for row in K.tolist())
    products = [sum((a * c for a, c in zip(row, p, strict=True)), Fraction(0)) for row in rows]
    assert sum((a * c for a, c in zip(p, products, strict=True)), Fraction(0)) < 0


def test_the_others_go_on_when_one_meets_negative_curvature() -> None:
    K = np.diag(np.r_[-1.0, np.linspace(1, 2, N - 1)])
    right = np.stack([np.eye(N)[0], np.eye(N)[5] + np.eye(N)[7]], axis=1)
    solution = conjugate_gradients(Dense(K), right, shift=0.5)
    assert [outcome.verdict for outcome in solution.outcomes] == [Verdict.REFUTED, Verdict.PROVED]
    assert solution.outcome is solution.outcomes[0]
    assert np.isfinite(solution.residual_bounds).all()


def test_a_singular_system_without_a_solution_is_open() -> None:
    K = np.diag(np.r_[0.0, np.ones(N - 1)])
    solution = conjugate_gradients(Dense(K), np.ones(N))
    assert solution.outcome.verdict is Verdict.INCONCLUSIVE
    assert "singular" in solution.outcome.reason


def test_too_few_iterations_are_open() -> None:
    solution = conjugate_gradients(Dense(gram(KERNEL, sphere())), B, tolerance=1e-10, max_iterations=2)
    assert [outcome.verdict for outcome in solution.outcomes] == [Verdict.INCONCLUSIVE] * 3
    assert "after 2 iterations" in solution.outcome.reason
    assert solution.iterations == (2, 2, 2)


def test_a_tolerance_below_the_rounding_errors_is_open() -> None:
    """However small the computed residual is: its bound is not."""
    operator = Dense(np.diag(np.linspace(1, 2, N)))
    solution = conjugate_gradients(operator, B[:, 0], tolerance=1e-15)
    assert solution.outcome.verdict is Verdict.INCONCLUSIVE
    assert "for rounding errors" in solution.outcome.reason
    assert solution.passes < 200


def test_a_recursion_that_drifts_proves_nothing() -> None:
    """Products that are wrong by 1e-6: the recursion goes to zero, the true residual does not."""
    operator = Dense(gram(KERNEL, sphere()), noise=1e-6)
    solution = conjugate_gradients(operator, B, shift=1e-3, tolerance=1e-9, max_iterations=400)
    assert all(outcome.verdict is Verdict.INCONCLUSIVE for outcome in solution.outcomes)


def test_a_start_near_the_solution_saves_iterations() -> None:
    operator = Dense(gram(KERNEL, sphere()))
    first = conjugate_gradients(operator, B, shift=1e-2, tolerance=1e-6)
    again = conjugate_gradients(operator, B, shift=1e-2, tolerance=1e-6, start=first.x)
    assert again.outcome.verdict is Verdict.PROVED and again.iterations == (0, 0, 0) and again.passes == 1
    further = conjugate_gradients(operator, B, shift=1e-2, tolerance=1e-8, start=first.x)
    assert max(further.iterations) < max(conjugate_gradients(operator, B, shift=1e-2, tolerance=1e-8).iterations)


def test_nothing_to_solve() -> None:
    solution = conjugate_gradients(Dense(gram(KERNEL, sphere())), np.zeros(N))
    assert solution.outcome.verdict is Verdict.PROVED and not solution.x.any()
    assert solution.residual_bounds == (0.0,)


def test_an_exact_preconditioner_takes_one_step() -> None:
    K = gram(KERNEL, sphere())
    inverse = np.linalg.inv(K + 0.1 * np.eye(N))
    solution = conjugate_gradients(Dense(K), B, shift=0.1, preconditioner=lambda R: inverse @ R)
    assert solution.iterations == (1, 1, 1) and solution.outcome.verdict is Verdict.PROVED


@pytest.mark.parametrize("factor", [-1.0, 0.0, np.nan])
def test_a_preconditioner_that_is_not_positive_definite_is_refused(factor: float) -> None:
    with pytest.raises(InvalidInput, match="expected it positive definite"):
        conjugate_gradients(Dense(gram(KERNEL, sphere())), B, preconditioner=lambda R: factor * R)


def test_progress_and_json() -> None:
    heard: list[int] = []
    operator = Dense(gram(KERNEL, sphere()))
    solution: LinearSolution = conjugate_gradients(
        operator, B, shift=0.1, progress=lambda stage, done, total: heard.append(done)
    )
    assert heard == list(range(1, max(solution.iterations) + 1))
    found = solution.to_json()
    assert found.keys() == {"outcomes", "residual_norms", "residual_bounds", "iterations", "passes"}
    assert found["outcomes"][0]["outcome"] == "proved"


WRONG = {
    "negative shift": ({"shift": -1.0}, "shift is -1.0"),
    "shift not a number": ({"shift": np.nan}, "shift is nan"),
    "tolerance of one": ({"tolerance": 1.0}, "tolerance is 1.0"),
    "no tolerance": ({"tolerance": 0.0}, "tolerance is 0.0"),
    "no iterations": ({"max_iterations": 0}, "max_iterations is 0"),
    "wrong start": ({"start": np.zeros((N, 2))}, r"start has shape \(60, 2\)"),
    "start not finite": ({"start": np.full((N, 3), np.inf)}, "an entry of start is inf"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refusals(name: str) -> None:
    options, culprit = WRONG[name]
    operator = Dense(np.eye(N))
    with pytest.raises(InvalidInput, match=culprit):
        conjugate_gradients(operator, B, **options)  # type: ignore[arg-type]
    assert operator.products == 0


def test_refused_right_hand_sides_and_operators() -> None:
    for b in (np.ones(N + 1), np.ones((N, 0)), np.ones((N, 1, 1))):
        with pytest.raises(InvalidInput, match="b has shape"):
            conjugate_gradients(Dense(np.eye(N)), b)
    with pytest.raises(InvalidInput, match="an entry of b is nan"):
        conjugate_gradients(Dense(np.eye(N)), np.full(N, np.nan))
    with pytest.raises(InvalidInput, match="not symmetric"):
        conjugate_gradients(GramOperator.of_points(KERNEL, sphere(), sphere()), B)
