"""The error bound of the trapezoidal rule holds, and is of the right size, on grids coarse enough to show the error."""

import pytest
from flint import acb, arb, ctx

from robustntk.kernels.series.complex_balls import BoxFunction
from robustntk.kernels.series.strip import Grid, find_strip


def lorentz(box: acb) -> acb:
    """1/(1 + z^2): E he_0 = sqrt(pi e/2) erfc(1/sqrt 2); poles at +-i."""
    return 1 / (1 + box * box)


def gaussian(box: acb) -> acb:
    """exp(-z^2): entire; E he_0 = 1/sqrt(3), E he_2 = -sqrt(2)/3 / sqrt(3)."""
    return (-box * box).exp()


def trapezoid(tau: BoxFunction, grid: Grid, degree: int) -> arb:
    total = arb(0)
    for j in range(-grid.last, grid.last + 1):
        x = grid.step * j
        polynomial = {0: arb(1), 2: (x * x - 1) / arb(2).sqrt()}[degree]
        total += tau(acb(x)).real * polynomial * (-x * x / 2).exp()
    return total * grid.step / (2 * arb.pi()).sqrt()


def exact(name: str, degree: int) -> arb:
    if name == "lorentz":
        mean = (arb.pi() * arb(1).exp() / 2).sqrt() * (1 / arb(2).sqrt()).erfc()
        return {0: mean, 2: (1 - 2 * mean) / arb(2).sqrt()}[degree]
    return {0: 1 / arb(3).sqrt(), 2: -(arb(2).sqrt() / 3) / arb(3).sqrt()}[degree]


@pytest.mark.parametrize("degree", [0, 2])
@pytest.mark.parametrize(
    ("name", "tau", "shift", "last"),
    [("lorentz", lorentz, 2, 40), ("lorentz", lorentz, 1, 20), ("gaussian", gaussian, 1, 20)],
)
def test_the_error_is_bounded_but_not_by_much(name: str, tau: BoxFunction, shift: int, last: int, degree: int) -> None:
    grid = Grid(1, shift, last)
    with ctx.workprec(150):
        strip = find_strip(tau, reach=11, degree=degree, error=1e-6)
        assert strip is not None
        error = abs(trapezoid(tau, grid, degree) - exact(name, degree))
        bound = strip.error(grid, degree, growth=arb(1), power=0)
        assert error <= bound
        assert error > 0
        assert bound <= 1e7 * error + 1e-13


def test_truncation_is_part_of_the_bound() -> None:
    """A grid that ends at 4.25 misses the tails of E[1]."""
    with ctx.workprec(100):
        strip = find_strip(lambda box: acb(1), reach=11, degree=0, error=1e-20)
        assert strip is not None
        grid = Grid(1, 2, 17)
        error = abs(trapezoid(lambda box: acb(1), grid, 0) - 1)
        assert 1e-6 < error
        assert error <= strip.error(grid, 0, growth=arb(1), power=0) <= 100 * error


def test_a_strip_never_reaches_a_pole() -> None:
    strip = find_strip(lorentz, reach=11, degree=100, error=1e-20)
    assert strip is not None
    assert 0.5 < strip.half_height < 1
    assert strip.side < strip.edge


def test_no_strip_is_found_around_a_pole_on_the_real_line() -> None:
    assert find_strip(lambda box: 1 / (box - 1), reach=11, degree=10, error=1e-6) is None
