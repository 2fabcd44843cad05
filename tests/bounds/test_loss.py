"""Losses: numeric functions against the exact expressions, and every declared property."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import LOSSES, InvalidInput, get_loss, huber
from robustntk.bounds.loss import f, y

CASES = [*LOSSES.values(), huber("1/2"), huber(3)]
MARGIN = {"hinge", "squared_hinge", "logistic"}
every_loss = pytest.mark.parametrize("loss", CASES, ids=lambda loss: loss.label)
predictions = st.floats(min_value=-50, max_value=50)
signs = st.sampled_from([-1.0, 1.0])


def targets(loss):
    """Labels where the loss is made for them, any real number for regression."""
    return signs if loss.name in MARGIN else st.floats(min_value=-50, max_value=50)


@every_loss
@given(data=st.data())
def test_value_is_that_of_the_expression(loss, data):
    prediction, target = data.draw(predictions), data.draw(targets(loss))
    exact = loss.expression.subs({f: sympy.Rational(prediction), y: sympy.Rational(target)})
    assert loss.value(prediction, target) == pytest.approx(float(exact), rel=1e-14, abs=1e-14)


@every_loss
@given(data=st.data())
def test_slope_is_a_subgradient_everywhere_so_the_loss_is_convex(loss, data):
    prediction, other, target = data.draw(predictions), data.draw(predictions), data.draw(targets(loss))
    tangent = loss.value(prediction, target) + loss.slope(prediction, target) * (other - prediction)
    assert tangent <= loss.value(other, target) + 1e-12 * (1 + abs(tangent))


@every_loss
@given(data=st.data())
def test_slope_is_at_most_lipschitz_and_squared_at_most_twice_smoothness_times_value(loss, data):
    prediction, target = data.draw(predictions), data.draw(targets(loss))
    slope, value = abs(loss.slope(prediction, target)), loss.value(prediction, target)
    if loss.lipschitz is not None:
        assert slope <= float(loss.lipschitz)
    if loss.smoothness is not None:
        assert slope**2 <= 2 * float(loss.smoothness) * value * (1 + 1e-12) + 1e-300


@every_loss
def test_constants_are_tight_one_percent_less_is_refuted(loss):
    prediction = np.linspace(-60, 60, 24001)
    slope, value = np.abs(loss.slope(prediction, 1.0)), loss.value(prediction, 1.0)
    if loss.lipschitz is not None:
        assert slope.max() > 0.99 * float(loss.lipschitz)
    else:
        assert slope.max() > 50
    curvature = np.diff(loss.slope(prediction, 1.0)) / np.diff(prediction)
    if loss.smoothness is not None:
        assert 0.99 * float(loss.smoothness) < curvature.max() < float(loss.smoothness) * (1 + 1e-8)
    else:
        assert curvature.max() > 100
    assert (value >= 0).all()


@every_loss
def test_zero_at_the_label_and_misclassification_loss_are_as_declared(loss):
    assert bool(loss.value(1.0, 1.0) == 0) is loss.zero_at_label
    wrong = np.linspace(-20, 0, 2001)
    assert loss.value(wrong, 1.0).min() == pytest.approx(float(loss.misclassification_loss), rel=1e-15)
    assert loss.misclassification_loss == loss.expression.subs({f: 0, y: 1})


@every_loss
@pytest.mark.parametrize("xp", [np, jnp], ids=["numpy", "jax"])
@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_arrays_keep_their_dtype_and_broadcast(loss, xp, dtype):
    prediction, target = xp.asarray([[0, 2], [1, -3]], dtype=dtype), xp.asarray([1, -1])
    for result in (loss.value(prediction, target, xp), loss.slope(prediction, target, xp)):
        assert result.shape == (2, 2)
        assert result.dtype == (xp.asarray(prediction) * 1.0).dtype
    assert loss.value(prediction, target, xp)[1, 1] == pytest.approx(float(loss.value(-3.0, -1.0)), rel=1e-6)


def test_logistic_neither_overflows_nor_loses_small_values():
    logistic = get_loss("logistic")
    with np.errstate(all="raise", under="ignore"):
        assert logistic.value(-1e4, 1.0) == 1e4
        assert logistic.slope(-1e4, 1.0) == -1
        assert logistic.value(40.0, 1.0) == pytest.approx(math.exp(-40), rel=1e-12)
        assert logistic.slope(40.0, 1.0) == pytest.approx(-math.exp(-40), rel=1e-12)


def test_the_slope_at_a_kink_is_the_one_nearest_to_zero():
    assert get_loss("hinge").slope(1.0, 1.0) == 0
    assert get_loss("absolute").slope(1.0, 1.0) == 0


def test_huber_is_absolute_far_out_and_known_by_its_kappa():
    assert huber(2).value(10.0, 0.0) == 18
    assert huber(2).label == "huber (kappa 2)"
    assert get_loss("huber", "1/2").misclassification_loss == sympy.Rational(3, 8)
    assert get_loss("huber", 2).misclassification_loss == sympy.Rational(1, 2)


@pytest.mark.parametrize(
    ("name", "kappa", "complaint"),
    [
        ("ramp", 1, "unknown loss 'ramp': expected one of hinge, squared_hinge, absolute, huber, logistic"),
        ("hinge", 2, "kappa is 2: only the losses named huber"),
        ("huber", 0, "kappa is 0: expected a number greater than 0"),
        ("huber", "nan", "kappa is 'nan'"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(name, kappa, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        get_loss(name, kappa)


def test_a_missing_constant_comes_with_its_reason():
    for loss in CASES:
        missing = {key for key in ("lipschitz", "smoothness") if getattr(loss, key) is None}
        assert missing == set(loss.reasons) - {"zero_at_label"}
    assert "bounded range" in get_loss("squared_hinge").reasons["lipschitz"]
