"""V of every activation: against sampled Gaussians' exact moments, against its own derivative, and structure."""

from types import ModuleType

import pytest
import sympy
from flint import arb, ctx
from mpmath import mp, mpf

from robustntk.bounds import ACTIVATIONS, Activation, InvalidInput, get_activation
from robustntk.bounds.activation import z
from robustntk.kernels import LINEAR, fully_connected
from robustntk.kernels.sphere.kernel_structure import structure_of
from robustntk.kernels.sphere.layer_dual import Correlation, is_odd, layer_dual, relu_power

CUBIC = Activation("cubic", sympy.Piecewise((z**3, z > 0), (0, True)), None, None, None)


@pytest.mark.parametrize("name", ["relu", "quadratic_relu", "erf", "gelu", "sin", "sin_cos"])
@pytest.mark.parametrize("scale", [1, "3/2"])
@pytest.mark.parametrize("rho", ["0.3", "-0.8", "1"])
def test_closed_forms_contain_the_reference(deep_reference: ModuleType, name: str, scale: object, rho: str) -> None:
    variance, numeric_scale = mpf("0.7"), mpf(3) / 2 if scale != 1 else mpf(1)
    with mp.workdps(60), ctx.workprec(220):
        dual = layer_dual(get_activation(name, scale=scale), arb("0.7"))
        value, slope = deep_reference.expectations(name, numeric_scale, variance, variance, variance * mpf(rho))
        for derivative, exact in ((0, value), (1, variance * slope)):
            ball = dual(Correlation.of_gap(1 - arb(rho)), derivative)
            assert ball.overlaps(arb(mp.nstr(exact, 50)) + arb(0, 1e-45))
            assert float(ball.rad()) < 1e-30
            assert not ball.overlaps(arb(mp.nstr(exact * (1 + mpf(10) ** -20), 50)) + arb(0, 1e-45))


@pytest.mark.parametrize("activation", [*sorted(ACTIVATIONS), CUBIC, LINEAR], ids=str)
def test_each_derivative_is_that_of_the_one_before(activation: Activation | str) -> None:
    """V and V' are convex on [0, 1] (nonnegative coefficients), so a difference quotient lies between end slopes."""
    chosen = get_activation(activation)
    with ctx.workprec(160):
        dual = layer_dual(chosen, arb("1.3"))
        low, high = (Correlation.of_gap(arb("0.6") - step) for step in (arb(0), arb(2) ** -12))
        for derivative in (0, 1):
            quotient = (dual(high, derivative) - dual(low, derivative)) * arb(2) ** 12
            room = arb(0, 1e-12)
            assert dual(low, derivative + 1) <= quotient + room or dual(low, derivative + 1).overlaps(quotient + room)
            assert quotient <= dual(high, derivative + 1) + room or dual(high, derivative + 1).overlaps(quotient + room)
            assert not (dual(low, derivative + 1) * (1 + arb("0.01"))).overlaps(quotient) or activation is LINEAR


@pytest.mark.parametrize("activation", [*sorted(ACTIVATIONS), CUBIC, LINEAR], ids=str)
@pytest.mark.parametrize("bits", [0, 3, 40, 90])
def test_drops_are_relatively_accurate(activation: Activation | str, bits: int) -> None:
    """Between (1 - rho) V'(rho) and (1 - rho) V'(1), as V is convex on [0, 1]; for series beyond the accuracy of V."""
    with ctx.workprec(400):
        dual = layer_dual(get_activation(activation), arb("1.3"))
        gap = arb(2) ** -bits
        drop, one, here = dual.drop(Correlation.of_gap(gap)), dual(Correlation.of_gap(arb(0)), 1), None
        here = dual(Correlation.of_gap(gap), 1)
        room = 1 + arb(0, 1e-12)
        assert not drop < gap * here * room
        assert not drop > gap * one * room
        assert float(drop.rel_accuracy_bits()) >= 40
        assert drop < gap * one * arb("1.001")
        assert drop > gap * here * arb("0.999")


def test_powers_of_relu_are_recognised() -> None:
    assert [relu_power(get_activation(name)) for name in ("relu", "quadratic_relu", "erf")] == [1, 2, None]
    assert relu_power(CUBIC) == 3
    assert relu_power(get_activation("relu", scale="1/2")) == 1
    assert relu_power(get_activation("quadratic_relu", scale=3)) == 2


def test_odd_activations_are_recognised() -> None:
    assert [name for name in sorted(ACTIVATIONS) if is_odd(get_activation(name))] == ["erf", "sin", "tanh"]


def test_a_kink_without_a_closed_form_is_refused() -> None:
    with pytest.raises(InvalidInput, match="activation leaky: it has a kink"):
        leaky = Activation("leaky", sympy.Piecewise((z, z > 0), (z / 10, True)), sympy.Integer(1), None, None)
        layer_dual(leaky, arb(1))


@pytest.mark.parametrize(
    ("network", "zero", "even", "minus"),
    [
        (fully_connected("relu"), 1, False, 1),
        (fully_connected("quadratic_relu"), 1, False, 3),
        (fully_connected("relu", 2), 0, False, 1),
        (fully_connected("relu", 2, trained="all"), 0, False, 0),
        (fully_connected("relu", trained="readout"), 0, False, 3),
        (fully_connected("relu", bias_variance=1), 0, False, 0),
        (fully_connected("erf", 4, trained="all"), 1, True, 0),
        (fully_connected("erf", 2, bias_variance=[0, 0, "0.1"]), 1, False, 0),
        (fully_connected("erf", 2, bias_variance=["0.1", 0, 0]), 0, False, 0),
        (fully_connected("sin_cos"), 1, False, 0),
        (fully_connected([LINEAR, "relu"]), 1, False, 1),
    ],
    ids=lambda each: getattr(each, "label", None),
)
def test_zeros_and_parity(network: object, zero: int, even: bool, minus: int) -> None:
    structure = structure_of(network)  # type: ignore[arg-type]
    assert (structure.zero, structure.even_quotient, structure.minus_power) == (zero, even, minus)
