"""The constants of the nine activations are suprema: proved above, attained, and refuted when 1e-9 smaller.

The first two tests are independent of the engines that the proofs use.
"""

from dataclasses import replace

import pytest
import sympy
from flint import arb

from robustntk.bounds import ACTIVATIONS, InvalidInput, Verdict, check_constants, enclose, get_activation
from robustntk.bounds.activation import z

CONSTANTS = ("derivative_bound", "derivative_lipschitz", "curvature_lipschitz")
FINITE = [
    (name, order)
    for name, activation in ACTIVATIONS.items()
    for order, constant in enumerate(CONSTANTS, start=1)
    if getattr(activation, constant) is not None
]
# Where |sigma^(k)| is largest, for k = 1, 2, 3 (softplus: sigma' tends to its supremum).
PEAKS = {
    "erf": ("0", "0.7071067812", "0"),
    "tanh": ("0", "0.6584789485", "0"),
    "softplus": ("39", "0", "1.3169578969"),
    "sigmoid": ("0", "1.3169578969", "0"),
    "gelu": ("1.4142135624", "0", "0.7922870"),
    "sin": ("0", "1.5707963268", "0"),
    "sin_cos": ("-0.7853981634", "0.7853981634", "-0.7853981634"),
    "quadratic_relu": (None, "1", None),
    "relu": ("1", None, None),
}
TABLE = {  # decimal values computed by hand from the theory, as a guard against a slip in both places
    "erf": (1.128379167, 0.967882899, 2.256758334),
    "tanh": (1, 0.769800359, 2),
    "softplus": (1, 0.25, 0.096225045),
    "sigmoid": (0.25, 0.096225045, 0.125),
    "gelu": (1.128904145, 0.797884561, 0.778769635),
    "sin": (1, 1, 1),
    "sin_cos": (1.414213562, 1.414213562, 1.414213562),
    "quadratic_relu": (None, 2, None),
    "relu": (1, None, None),
}


def exceeds_nowhere(expression, bound, low, high):
    """Bisect [low, high] until a ball over every piece proves |expression| <= bound there."""
    slope, pieces = sympy.diff(expression, z), [(low, high)]
    while pieces:
        left, right = pieces.pop()
        middle, half = (left + right) / 2, (right - left) / 2
        piece = arb(middle, half)
        whole = abs(enclose(expression, 64, at={z: piece}))
        if whole <= bound:
            continue
        by_mean_value = abs(enclose(expression, 64, at={z: arb(middle)}))
        by_mean_value += abs(enclose(slope, 64, at={z: piece})) * arb(half)
        if by_mean_value <= bound:
            continue
        if half < 1e-7:
            return False
        pieces += [(left, middle), (middle, right)]
    return True


@pytest.mark.parametrize(("name", "order"), FINITE)
def test_constant_is_above_the_derivative_everywhere(name, order):
    activation = ACTIVATIONS[name]
    bound = enclose(getattr(activation, CONSTANTS[order - 1])) * (1 + arb("1e-6"))
    for low, high in [(-40.0, 0.0), (0.0, 40.0)]:
        assert exceeds_nowhere(activation.derivative(order), bound, low, high)


@pytest.mark.parametrize(("name", "order"), FINITE)
def test_constant_is_attained(name, order):
    activation = ACTIVATIONS[name]
    peak = enclose(activation.derivative(order), at={z: arb(PEAKS[name][order - 1])})
    constant = enclose(getattr(activation, CONSTANTS[order - 1]))
    assert abs(peak) >= constant * (1 - arb("1e-6"))


@pytest.mark.parametrize(("name", "order"), FINITE)
def test_a_constant_smaller_by_1e_9_is_refuted_with_its_point(name, order):
    activation, constant = ACTIVATIONS[name], CONSTANTS[order - 1]
    smaller = getattr(activation, constant) * (1 - sympy.Rational(1, 10**9))
    outcome = check_constants(replace(activation, **{constant: smaller}))
    assert outcome.verdict is Verdict.REFUTED
    assert f"{constant} = {smaller} is refuted at z = " in outcome.reason
    beside = outcome.counterexample + sympy.Rational(1, 10**9)  # the limit from the right, at a kink
    assert enclose(abs(activation.derivative(order).subs(z, beside))) > enclose(
        smaller * (1 - sympy.Rational(1, 10**6))
    )


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_table_is_proved(name):
    assert check_constants(ACTIVATIONS[name]).verdict is Verdict.PROVED


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_constants_have_the_values_of_the_table(name):
    for constant, expected in zip(CONSTANTS, TABLE[name], strict=True):
        value = getattr(ACTIVATIONS[name], constant)
        assert (value is None) == (expected is None)
        assert value is None or float(value) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_missing_constant_comes_with_its_reason(name):
    activation = ACTIVATIONS[name]
    missing = {constant for constant in CONSTANTS if getattr(activation, constant) is None}
    assert missing == set(activation.reasons)


def test_an_unknown_activation_lists_the_known_ones():
    with pytest.raises(InvalidInput, match="'swish': expected one of erf, tanh, .*relu"):
        get_activation("swish")
