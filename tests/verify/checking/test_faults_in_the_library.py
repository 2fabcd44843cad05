"""A constant that is 20 per cent too small, anywhere in the library, is found within 2,000 examples."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from robustntk.bounds import (
    activation_table,
    curvature,
    existence,
    gradient,
    margins,
    mean_gradient,
    operator_ball,
    recursion,
    smooth_losses,
    two_layer,
    vc_bounds,
)
from robustntk.verify.certificates import kernel, network
from robustntk.verify.checking.registry import get_claim
from robustntk.verify.checking.search import search
from robustntk.verify.planning import mean_gradient as measured_mean_gradient

FORMULAS: list[tuple[Any, str, str]] = [
    (curvature, "FULL_CURVATURE", "E1.a"),
    (curvature, "TIED_CURVATURE", "E2.a"),
    (two_layer, "NEAR_LINEARITY", "E1.a/ball"),
    (two_layer, "REGRET", "E1"),
    (two_layer, "REGRET", "E1.c/regret"),
    (recursion, "STEP_TERM", "E7"),
    (recursion, "DISTANCE_TERM", "E7"),
    (smooth_losses, "BOUND", "E3"),
    (smooth_losses, "BOUND", "E9"),
    (margins, "BOUND", "E8"),
    (operator_ball, "REGRET", "E10"),
    (operator_ball, "LINEARIZATION", "E10.a"),
    (gradient, "GRADIENT_BOUND", "E1.b"),
    (gradient, "RANDOM_OPERATOR_NORM", "E1.b/operator norm"),
    (mean_gradient, "DRIFT", "E11.b"),
    (existence, "SPREAD", "E4.d/spread"),
    (vc_bounds, "VC_UPPER_BOUND", "E5.b/solution"),
]


@pytest.mark.parametrize(("module", "name", "claim"), FORMULAS, ids=[f"{name}, {claim}" for _, name, claim in FORMULAS])
def test_a_formula_too_small(module: Any, name: str, claim: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, name, getattr(module, name) * 4 / 5)
    assert search(get_claim(claim), examples=2000, shrink=False).refuted


@pytest.mark.parametrize(
    ("constant", "claim"),
    [
        ("derivative_bound", "section 0/B_1"),
        ("derivative_bound", "E1.b"),
        ("derivative_lipschitz", "section 0/beta"),
        ("derivative_lipschitz", "E1.a/direction"),
        ("curvature_lipschitz", "section 0/gamma"),
        ("curvature_lipschitz", "E2.c"),
    ],
)
@pytest.mark.parametrize("name", ["tanh", "gelu"])
def test_a_constant_of_one_activation_too_small(
    name: str, constant: str, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = dict(activation_table.ACTIVATIONS)
    rows[name] = replace(rows[name], **{constant: getattr(rows[name], constant) * 4 / 5})
    monkeypatch.setattr(activation_table, "ACTIVATIONS", MappingProxyType(rows))
    assert search(get_claim(claim), examples=2000, shrink=False).refuted


@pytest.mark.parametrize(
    ("module", "name", "claim"),
    [
        (network, "_remainder", "E4.c/remainder"),
        (kernel, "_residual_norm", "E4.c/order 0"),
        (kernel, "_residual_norm", "E4.c/order 1"),
        (measured_mean_gradient, "_moduli", "E11.a"),
    ],
)
def test_a_function_that_returns_too_little(
    module: Any, name: str, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *arguments: 0.8 * right(*arguments))
    assert search(get_claim(claim), examples=2000, shrink=False).refuted
