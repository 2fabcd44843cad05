"""Values of expressions on complex boxes: containment, and NaN where the expression is not analytic."""

import pytest
import sympy
from flint import acb, arb
from mpmath import mp
from sympy import Rational, atan, erf, exp, log, pi, sqrt, tanh

from robustntk.bounds import ACTIVATIONS, InvalidInput
from robustntk.bounds.activation import z
from robustntk.kernels.series.complex_balls import on_boxes

EXPRESSIONS = [
    tanh(z) ** 2 / 3 - z,
    exp(-(z**2) / 2) / sqrt(2 * pi),
    log(2 + exp(z)),
    sqrt(4 + z) * atan(z / 3),
    (3 + z) ** Rational(-2, 3) + sympy.E,
    *(ACTIVATIONS[name].derivative(2) for name in ("erf", "softplus", "sigmoid", "gelu", "sin_cos")),
]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_boxes_contain_the_values_at_their_points(expression: sympy.Expr) -> None:
    function, exact = on_boxes(expression, z), sympy.lambdify(z, expression, "mpmath")
    box = function(acb(arb(0.5, 0.1), arb(-0.25, 0.1)))
    for point in (0.4 - 0.25j, 0.5 - 0.15j, 0.6 - 0.35j):
        value = exact(mp.mpc(point))
        assert box.overlaps(acb(arb(mp.nstr(value.real, 30)), arb(mp.nstr(value.imag, 30))))
    assert box.rad() < 1
    far = exact(mp.mpc(1.5, 0.5))
    assert not box.overlaps(acb(float(far.real), float(far.imag)))


@pytest.mark.parametrize(
    "expression", [log(z), sqrt(z), z ** Rational(1, 3), tanh(z * pi / 2), 1 / (z**2 + 1), atan(z)]
)
def test_a_box_across_a_singularity_or_cut_gives_nothing_finite(expression: sympy.Expr) -> None:
    across = acb(arb(-0.5, 0.6), arb(1, 0.1)) if expression.has(tanh, atan) else acb(arb(-0.5, 0.6), arb(0.5, 0.6))
    assert not on_boxes(expression, z)(across).is_finite()


def test_what_is_not_analytic_is_refused() -> None:
    for expression in (sympy.Abs(z), sympy.Max(z, 0), sympy.Piecewise((z, z > 0), (0, True))):
        with pytest.raises(InvalidInput, match="not known to be analytic"):
            on_boxes(1 + expression, z)
    assert on_boxes(erf(z), z)(acb(0)) == 0
