"""The plan of one theorem: at a drawn network, for its comparator, re-checked, and never from a float."""

import dataclasses
from fractions import Fraction
from math import ceil

import pytest
import sympy

from robustntk.bounds import (
    E1,
    InvalidInput,
    Problem,
    TwoLayerConvergence,
    WidthTooSmall,
    gradient_bound,
    guarantee,
    required_width,
)
from robustntk.bounds.backward import Goal, draft_at_share
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS


@pytest.mark.parametrize("theorem", ["E1", "E7", "E8"])
def test_a_drawn_network_gets_its_plan_without_probability(theorem):
    common = {"target_epsilon": 0.5, "radius": 2, "activation": "quadratic_relu", "theorem": theorem}
    required = required_width(**common, dimension=10).width
    plan = required_width(**common, width=required + 100, initial_operator_norm=70.5, comparator_verified=True)
    assert (plan.width, plan.required_width) == (required + 100, required)
    assert (plan.confidence, plan.kind) == (None, "guarantee")
    assert plan.gradient_bound == gradient_bound(
        "quadratic_relu", width=required + 100, radius=2, initial_operator_norm=70.5
    )
    assert plan.guarantee.meets(0.5)


def test_at_a_drawn_network_the_regret_gets_all_that_near_linearity_leaves():
    """At four times the width E1's near-linearity takes half its share: T = R^2 / (1 - theta)^2 / epsilon^2."""
    common = {"target_epsilon": "1/2", "radius": 1, "activation": "sin", "theorem": "E1"}
    plan = required_width(**common, width=4 * 64)
    assert plan.shares == {"linearization": sympy.Rational(1, 4), "regret": sympy.Rational(3, 4)}
    assert plan.iterations == ceil(Fraction(4) / Fraction(3, 4) ** 2)
    assert plan.guarantee.value <= sympy.Rational(1, 2)
    at_share = required_width(**common, width=4 * 64, share="1/4")
    assert (at_share.iterations, at_share.required_width) == (plan.iterations, 256)


def test_a_drawn_network_that_is_too_narrow_is_told_the_width():
    common = {"target_epsilon": 0.5, "radius": 2, "activation": "erf"}
    required = required_width(**common).width
    assert required_width(**common, width=required).width == required
    with pytest.raises(WidthTooSmall, match=f"asks for at least {required}") as caught:
        required_width(**common, width=required - 2)
    assert caught.value.required == required


def test_a_comparator_that_is_verified_is_not_stretched():
    """Margin k tau at distance k R is another W_*: nothing is known of it at a drawn network."""
    common = {"target_epsilon": "0.1", "radius": 2, "activation": "erf", "theorem": "E8"}
    stretched, verified = required_width(**common), required_width(**common, comparator_verified=True)
    assert (stretched.radius, stretched.problem.comparator_margin) == (sympy.Rational(18, 5), sympy.Rational(9, 5))
    assert (verified.radius, verified.problem.comparator_margin) == (2, 1)
    assert (stretched.kind, verified.kind) == ("conditional-guarantee", "guarantee")
    assert stretched.width < verified.width


def test_a_known_margin_is_used_as_it_is():
    common = {"target_epsilon": "0.1", "radius": 3, "activation": "erf", "theorem": "E8"}
    plan = required_width(**common, comparator_margin="1.7", comparator_verified=True)
    assert (plan.radius, plan.problem.comparator_margin, plan.kind) == (3, sympy.Rational(17, 10), "guarantee")


def test_a_comparator_whose_margin_leaves_nothing_is_refused():
    with pytest.raises(InvalidInput, match="a comparator of margin 0.8 leaves nothing of epsilon to theorem E8"):
        required_width(target_epsilon="0.2", radius=1, activation="erf", comparator_margin="0.8", theorem="E8")


def test_at_a_drawn_network_the_comparator_may_be_stretched_for_fewer_iterations():
    """With room for it, a larger margin pays for a larger step: no stretch has fewer iterations than the plan's."""
    common = {"target_epsilon": "0.25", "radius": 2, "activation": "erf", "target": "robust-error", "theorem": "E8"}
    least = required_width(**common).width
    plan = required_width(**common, width=100 * least)
    counts = [
        required_width(**common | {"radius": 2 * k}, comparator_margin=k, width=100 * least).iterations
        for k in (sympy.Integer(1), sympy.Rational(3, 2), sympy.Integer(2), sympy.Integer(4), sympy.Integer(8))
    ]
    assert plan.iterations <= min(counts) < counts[0]


def test_a_float_inside_a_theorem_reaches_no_width():
    class Faulty(TwoLayerConvergence):
        def largest_curvature(self, values):
            return sympy.Float("1.0", 30) * super().largest_curvature(values)

    fields = {field.name: getattr(E1, field.name) for field in dataclasses.fields(E1)}
    goal = Goal.validated(Problem.validated(radius=2, activation="erf", loss="hinge"), "0.5")
    assert (
        draft_at_share(E1, goal, E1.share).width
        == required_width(target_epsilon="0.5", radius=2, activation="erf", theorem="E1").width
    )
    with pytest.raises(InvalidInput, match="a float is not exact"):
        draft_at_share(Faulty(**fields), goal, E1.share)


@pytest.mark.parametrize("argument", ["target_epsilon", "radius", "share", "comparator_loss", "row_radius"])
def test_a_sympy_float_is_refused_as_an_argument(argument):
    arguments = {"target_epsilon": 0.5, "radius": 2, "activation": "erf"} | {argument: sympy.Float(0.25)}
    with pytest.raises(InvalidInput, match="a float is not exact"):
        required_width(**arguments)


def test_a_plan_that_fails_its_own_check_is_never_returned():
    class Forgetful(TwoLayerConvergence):
        def iterations(self, problem, **wanted):
            return super().iterations(problem, **wanted) / 2

    fields = {field.name: getattr(E1, field.name) for field in dataclasses.fields(E1)}
    goal = Goal.validated(Problem.validated(radius=2, activation="erf", loss="hinge"), "0.5")
    with pytest.raises(RuntimeError, match="failed its own check"):
        draft_at_share(Forgetful(**fields), goal, E1.share).plan()


@pytest.mark.parametrize("theorem", CONVERGENCE_THEOREMS)
def test_the_forward_function_confirms_the_plan_of_every_theorem(theorem):
    loss = "squared_hinge" if theorem[:2] in ("E3", "E9") else "hinge"
    common = {"activation": "erf", "loss": loss, "target": "robust-error", "theorem": theorem, "operator_radius": "1.4"}
    plan = required_width(**common, target_epsilon="1/3", radius=2, row_radius=5)
    problem = plan.problem
    forward = guarantee(
        **common,
        width=plan.width,
        step_size=plan.step_size,
        iterations=plan.iterations,
        radius=problem.radius,
        row_radius=problem.row_radius,
        comparator_margin=problem.comparator_margin,
    )
    assert forward.meets("1/3") and forward.value == plan.guarantee.value
