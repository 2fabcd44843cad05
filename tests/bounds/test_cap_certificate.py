"""E4.c as formulas: they bound sampled values, they are what `verify` computes, and bolder ones are refuted."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds.cap_certificate import (
    BEND,
    CHANGE,
    COSINE,
    DROP_HIGH,
    DROP_LOW,
    DUAL_OF_BALL,
    DUAL_TERM,
    ORDER_ONE,
    ORDER_ZERO,
    STIFFNESS,
    TAYLOR_QUOTIENT,
    TURN,
    D,
    F,
    b,
    cap_cosine,
    first,
    first_at_one,
    g,
    k_0,
    lam,
    mu,
    n,
    phi,
    q_0,
    r,
    rho,
    second,
    slope,
    tangential,
    turn,
    u,
    v,
    y,
)
from robustntk.kernels import dual_kernel
from robustntk.verify import SphericalCap
from robustntk.verify.certificates.kernel import certify_kernel
from robustntk.verify.certificates.trust_region import minimum_over_ball
from robustntk.verify.predictors import KernelPredictor

DIMENSION, DELTA = 6, 0.25
CAP = SphericalCap(delta=DELTA, bias=0.5)


def on_sphere(generator: np.random.Generator, count: int) -> np.ndarray:
    """Random points of S_b."""
    points = generator.standard_normal((count, DIMENSION - 1))
    points *= CAP.radius / np.linalg.norm(points, axis=1, keepdims=True)
    return np.hstack([points, np.full((count, 1), CAP.bias)])


def random_function(generator: np.random.Generator, name: str) -> KernelPredictor:
    return KernelPredictor(dual_kernel(name), on_sphere(generator, 5), generator.standard_normal(5))


def formula_values(predictor: KernelPredictor, point: np.ndarray, angles: np.ndarray) -> dict[sympy.Symbol, np.ndarray]:
    """What the formulas are about, for one centre: value, gradient by angle, norm, and the kernel at the angles."""
    kernel, direction = predictor.kernel, point[:-1] / CAP.radius
    gradient = predictor.input_gradient(point[None])[0, :-1]
    tangent = gradient - (gradient @ direction) * direction
    return {
        y: predictor.predict(point[None])[0],
        g: CAP.radius * np.linalg.norm(tangent),
        F: np.sqrt(predictor.norm_squared),
        k_0: kernel.at_one,
        D: kernel.angular_drop(angles, CAP.bias),
        turn: -kernel.angular_first(angles, CAP.bias),
        q_0: -float(kernel.angular_second(np.zeros(1), CAP.bias)[0]),
    }


def evaluated(formula: sympy.Expr, values: dict[sympy.Symbol, np.ndarray]) -> np.ndarray:
    return sympy.lambdify(list(values), formula)(*values.values())


@pytest.mark.parametrize(("formula", "order"), [(ORDER_ZERO, 0), (ORDER_ONE, 1)])
@pytest.mark.parametrize("name", ["erf", "quadratic_relu", "sin_cos"])
def test_the_certificate_of_verify_is_the_formula_less_its_allowances(formula, order, name):
    """E4.c: both agree to what the certificate allows for its grid and for rounding, on the safe side."""
    generator = np.random.default_rng(order)
    angles = np.linspace(1e-6, CAP.angle, 4001)
    for _ in range(10):
        predictor = random_function(generator, name)
        point = on_sphere(generator, 1)
        wanted = float(np.min(evaluated(formula, formula_values(predictor, point[0], angles))))
        found = float(certify_kernel(predictor, point, np.ones(1), CAP, orders=(order,)).lower[0])
        between = float(np.sqrt(predictor.norm_squared * 2 * predictor.kernel.angular_drop(CAP.angle / 4000, CAP.bias)))
        assert wanted - 2 * between - 1e-5 <= found <= wanted + 1e-9


@pytest.mark.parametrize("name", ["erf", "quadratic_relu"])
def test_sampled_points_of_the_cap_obey_both_orders(name):
    generator = np.random.default_rng(2)
    for _ in range(10):
        predictor, point = random_function(generator, name), on_sphere(generator, 1)
        points = CAP.sample(point, 200, generator)[:, 0]
        cosines = np.clip(points[:, :-1] @ point[0, :-1] / CAP.radius**2, -1, 1)
        values = formula_values(predictor, point[0], np.arccos(cosines))
        found = predictor.predict(points)
        assert np.all(evaluated(ORDER_ONE, values) <= found + 1e-9)
        assert np.all(evaluated(ORDER_ZERO, values) <= evaluated(ORDER_ONE, values) + 1e-9)
        assert np.all(np.abs(found - values[y]) <= evaluated(CHANGE, values) + 1e-9)


def test_the_extremal_function_attains_order_one_so_that_nothing_bolder_holds():
    """f = a K_x + c K_x' is, for suitable a < 0, the worst function for its own value, gradient and norm."""
    kernel, angle = dual_kernel("erf"), np.array([CAP.angle])
    centre = np.array([CAP.radius, 0, 0, 0, 0, CAP.bias])
    there = np.concatenate([CAP.radius * np.array([np.cos(angle[0]), np.sin(angle[0]), 0, 0, 0]), [CAP.bias]])
    predictor = KernelPredictor(kernel, np.stack([centre, there]), np.array([2.0, -1.0]))
    values = formula_values(predictor, centre, angle)
    assert predictor.predict(there[None])[0] == pytest.approx(evaluated(ORDER_ONE, values)[0], abs=1e-7)


@given(angle=st.floats(0.01, 1.5), bias=st.floats(0, 0.9))
def test_the_kernel_along_great_circles_is_that_of_the_kernels_room(angle, bias):
    kernel = dual_kernel("erf")
    radius = np.sqrt(1 - bias**2)
    cosine = float(COSINE.subs({r: radius, phi: angle, b: bias}))
    values = {
        r: radius,
        phi: angle,
        first: float(kernel.first(np.float64(cosine))),
        second: float(kernel.second(np.float64(cosine))),
        first_at_one: float(kernel.first(np.float64(1.0))),
    }
    angles = np.array([0.0, angle])
    seconds = kernel.angular_second(angles, bias)
    assert float(TURN.subs(values)) == pytest.approx(-kernel.angular_first(angles, bias)[1], rel=1e-9)
    assert float(STIFFNESS.subs(values)) == pytest.approx(-seconds[0], rel=1e-9)
    assert float(BEND.subs(values)) == pytest.approx(seconds[1] - seconds[0], rel=1e-6, abs=1e-9)


@given(power=st.integers(2, 9), here=st.floats(0, 1), there=st.floats(0, 1), step=st.floats(0.01, 1))
def test_taylor_quotients_rise(power, here, there, step):
    quotient = sympy.lambdify((u, v), TAYLOR_QUOTIENT.subs(n, power).doit())
    gap = here**power - there**power - power * there ** (power - 1) * (here - there)
    assert quotient(here, there) * (here - there) ** 2 == pytest.approx(gap, abs=1e-12)
    assert quotient(here, there) <= quotient(here + step, there) + 1e-12


@given(angle=st.floats(0.01, 1.5), share=st.floats(0.01, 1), radius=st.floats(0.1, 1))
def test_the_drop_of_the_cap_lies_between_its_bounds(angle, share, radius):
    inside = share * angle
    drop = 2 * radius * np.sin(inside / 2) ** 2
    values = {r: radius, tangential: radius * np.sin(inside), cap_cosine: np.cos(angle)}
    assert float(DROP_LOW.subs(values)) <= drop * (1 + 1e-9)
    assert drop <= float(DROP_HIGH.subs(values)) * (1 + 1e-9)


def test_the_dual_of_a_ball_is_below_the_minimum_that_verify_finds():
    generator, size = np.random.default_rng(4), 0.5
    term, ball = sympy.lambdify((slope, lam, mu), DUAL_TERM), sympy.lambdify((mu, rho), DUAL_OF_BALL)
    for _ in range(20):
        eigenvalues, slopes = generator.standard_normal((2, 4))
        found = minimum_over_ball(0.0, slopes, np.diag(eigenvalues), size).lower
        multipliers = max(0.0, -eigenvalues.min()) + np.geomspace(1e-3, 1e3, 1000)
        bounds = [np.sum(term(slopes, eigenvalues, each)) + ball(each, size) for each in multipliers]
        assert max(bounds) <= found + 1e-9
        assert max(bounds) == pytest.approx(found, abs=0.02)
