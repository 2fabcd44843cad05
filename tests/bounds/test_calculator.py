"""required_width and guarantee: integers by the formulas of E1, each the check of the other."""

import dataclasses
import subprocess
import sys
from fractions import Fraction
from math import ceil

import mpmath
import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from robustntk.bounds import (
    Activation,
    InvalidInput,
    get_activation,
    gradient_bound,
    guarantee,
    huber,
    is_at_most,
    is_less,
    required_width,
)
from robustntk.bounds.activation import z
from robustntk.bounds.exact import exact

ARCTAN = Activation.define("arctan", sympy.atan(z), derivative_bound=1, derivative_lipschitz="0.65")
SMOOTH = ["erf", "tanh", "softplus", "sigmoid", "gelu", "sin", "sin_cos", "quadratic_relu", ARCTAN]
SCALES = [1, 3, Fraction(1, 2)]
positive_numbers = st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=10**6)
open_shares = st.fractions(min_value=Fraction(1, 50), max_value=Fraction(49, 50), max_denominator=100)
tiny_epsilons = st.integers(min_value=-60, max_value=1).map(lambda power: Fraction(10) ** power)


@st.composite
def problems(draw):
    """Arguments that the calculators share, for E1, all activations, scales and Lipschitz losses."""
    return {
        "theorem": "E1",
        "radius": draw(positive_numbers),
        "activation": get_activation(draw(st.sampled_from(SMOOTH)), draw(st.sampled_from([1, 3, Fraction(1, 2)]))),
        "loss": draw(st.one_of(st.sampled_from(["hinge", "absolute"]), positive_numbers.map(huber))),
        "dimension": draw(st.integers(min_value=1, max_value=10**4)),
        "target": draw(st.sampled_from(["loss", "robust-error"])),
    }


def ceiling(square):
    """The ceiling of a SymPy constant: exact for rationals, else by 400 digits that stay off integers."""
    if square.is_Rational:
        return ceil(Fraction(int(square.p), int(square.q)))
    with mpmath.workdps(400):
        value = mpmath.mpf(str(sympy.N(square, 400)))
        assert abs(value - mpmath.nint(value)) > mpmath.mpf(10) ** -100
        return int(mpmath.ceil(value))


@given(
    problem=problems(),
    epsilon=st.one_of(positive_numbers, tiny_epsilons),
    share=open_shares,
    part=open_shares,
)
def test_integers_are_those_of_the_e1_formulas(problem, epsilon, share, part):
    activation, loss = problem["activation"], problem["loss"]
    unit = loss_unit(loss) if problem["target"] == "robust-error" else 1
    slack = part * epsilon * unit
    plan = required_width(**problem, target_epsilon=epsilon, share=share, comparator_loss=slack)
    budget = epsilon * unit - slack
    lipschitz = 1 if isinstance(loss, str) else Fraction(int(loss.lipschitz.p), int(loss.lipschitz.q))
    factor = (2 * lipschitz * problem["radius"] ** 2 / (share * budget)) ** 2
    assert plan.width == 2 * ceiling(exact_of(factor) * activation.derivative_lipschitz**2 / 2)
    bound = gradient_bound(activation, width=plan.width, radius=problem["radius"], dimension=problem["dimension"])
    rest = (1 - share) * budget
    assert sympy.simplify(plan.step_size * exact_of(lipschitz) ** 2 * bound**2 - exact_of(rest)) == 0
    assert plan.iterations == ceiling(exact_of((problem["radius"] * lipschitz / rest) ** 2) * bound**2)


def exact_of(fraction):
    return sympy.Rational(fraction.numerator, fraction.denominator)


def loss_unit(loss):
    """The least loss of a misclassified point, as a Fraction."""
    if isinstance(loss, str):
        return Fraction(1)
    kappa = Fraction(int(loss.kappa.p), int(loss.kappa.q))
    return kappa - kappa**2 / 2 if kappa < 1 else Fraction(1, 2)


@given(problem=problems(), epsilon=st.one_of(positive_numbers, tiny_epsilons), share=open_shares)
@example(
    problem={"radius": 1, "activation": "sin", "loss": "hinge", "dimension": None, "target": "loss", "theorem": "E1"},
    epsilon=Fraction(1, 2),
    share=Fraction(1, 2),
)
def test_the_guarantee_of_the_required_width_meets_epsilon_and_two_neurons_less_exceed_the_share(
    problem, epsilon, share
):
    plan = required_width(**problem, target_epsilon=epsilon, share=share)
    run = {"step_size": plan.step_size, "iterations": plan.iterations}
    forward = guarantee(**problem, **run, width=plan.width)
    assert forward.meets(epsilon)
    assert is_at_most(forward.value, epsilon)
    allowed = exact_of(share) * exact(epsilon) * plan.problem.loss_per_target
    assert is_at_most(forward.terms["linearization"], allowed)
    if plan.width > 2:
        narrower = guarantee(**problem, **run, width=plan.width - 2)
        assert is_less(allowed, narrower.terms["linearization"])


@given(problem=problems(), epsilon=positive_numbers)
def test_one_iteration_less_exceeds_the_regrets_share(problem, epsilon):
    plan = required_width(**problem, target_epsilon=epsilon)
    if plan.iterations > 1:
        shorter = guarantee(**problem, width=plan.width, step_size=plan.step_size, iterations=plan.iterations - 1)
        budget = exact(epsilon) * plan.problem.loss_per_target / 2
        assert is_less(budget, shorter.terms["regret"])


@given(problem=problems(), epsilon=positive_numbers, fraction=open_shares)
def test_with_a_step_size_of_ones_own_the_iterations_are_solved_for_exactly_it(problem, epsilon, fraction):
    best = required_width(**problem, target_epsilon=epsilon)
    step = Fraction(float(2 * best.step_size * exact_of(fraction)))
    plan = required_width(**problem, target_epsilon=epsilon, step_size=step)
    assert plan.step_size == exact_of(step)
    assert plan.iterations >= best.iterations
    budget = exact(epsilon) * plan.problem.loss_per_target / 2
    assert is_at_most(plan.terms["regret"], budget)
    if plan.iterations > 1:
        run = {"width": plan.width, "step_size": step, "iterations": plan.iterations - 1}
        assert is_less(budget, guarantee(**problem, **run).terms["regret"])


def test_a_step_size_that_is_too_large_is_refused_with_the_limit():
    common = {"target_epsilon": "0.5", "radius": 2, "activation": "sin", "theorem": "E1"}
    limit = 2 * required_width(**common).step_size
    with pytest.raises(InvalidInput, match="step_size is 1/2: .*expected less than about 0.5"):
        required_width(**common, step_size=limit)


def test_an_exact_tie_counts_as_met():
    plan = required_width(target_epsilon="1/2", radius=1, activation="sin", theorem="E1")  # 16 R^4 / epsilon^2 = 64
    assert (plan.width, plan.iterations, plan.step_size) == (64, 16, sympy.Rational(1, 4))
    assert plan.guarantee.value == sympy.Rational(1, 2)
    assert plan.guarantee.meets(0.5)
    assert not plan.guarantee.meets(Fraction(1, 2) - Fraction(1, 10**100))


def test_tiny_epsilon_gives_every_digit():
    plan = required_width(target_epsilon=1e-60, radius="3.91", activation="tanh", theorem="E1")
    squared_beta, radius, epsilon = Fraction(16, 27), Fraction(391, 100), Fraction(1, 10**60)
    assert plan.width == 2 * ceil(16 * squared_beta * radius**4 / epsilon**2 / 2)
    assert plan.iterations == ceil(4 * radius**2 / epsilon**2)


def test_a_linear_activation_needs_no_more_than_one_pair():
    """No curvature: T = R^2 sup|sigma'|^2 / ((1 - theta) epsilon)^2."""
    linear = Activation.define("linear", 2 * z)
    plan = required_width(target_epsilon="1/2", radius=1, activation=linear, theorem="E1")
    assert (plan.width, plan.iterations, plan.terms["linearization"]) == (2, 64, 0)
    assert required_width(target_epsilon="1/2", radius=1, activation=linear).width == 2


def test_an_odd_bound_is_rounded_up_to_the_next_even_width():
    plan = required_width(target_epsilon="4/3", radius=1, activation="sin", theorem="E1")  # 16 / (16/9) = 9
    assert plan.width == 10


REFERENCE = {"target_epsilon": 0.5, "radius": 3.91, "activation": "quadratic_relu", "dimension": 65}


def test_the_reference_case_of_the_theory():
    plan = required_width(**REFERENCE, theorem="E1")
    assert plan.width == 59834
    assert plan.kind == "conditional-guarantee"
    assert plan.confidence == sympy.Rational(99, 100)


def test_kinds_follow_from_what_is_still_open():
    common = {"target_epsilon": 0.5, "radius": 2}
    assert required_width(**common, activation="erf").kind == "conditional-guarantee"
    assert required_width(**common, activation="erf", comparator_verified=True).kind == "guarantee"
    assert required_width(**common, activation="erf", target="excess-loss", loss="logistic").kind == "guarantee"
    declared = dataclasses.replace(ARCTAN, proved=False)
    assert required_width(**common, activation=declared, comparator_verified=True).kind == "conditional-guarantee"


def test_a_robust_error_costs_what_a_misclassified_point_costs():
    common = {"radius": 2, "activation": "erf", "loss": "huber", "theorem": "E1"}
    half = required_width(**common, target_epsilon="0.4", target="robust-error")
    same = required_width(**common, target_epsilon="0.2")
    assert (half.width, half.iterations) == (same.width, same.iterations)
    assert half.guarantee.value == 2 * same.guarantee.value


def test_an_excess_loss_has_no_comparator_term():
    plan = required_width(target_epsilon="0.2", radius=2, activation="erf", target="excess-loss", theorem="E1")
    assert plan.terms["comparator"] == 0
    assert plan.guarantee.value == plan.terms["linearization"] + plan.terms["regret"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"target_epsilon": 0}, "epsilon is 0"),
        ({"target_epsilon": -1}, "epsilon is -1"),
        ({"target_epsilon": float("nan")}, "epsilon is nan"),
        ({"radius": 0}, "radius is 0"),
        ({"radius": "x"}, "radius is 'x'"),
        ({"share": 0}, "share is 0"),
        ({"share": 1}, "share is 1"),
        ({"confidence": 1}, "confidence is 1"),
        ({"confidence": 0}, "confidence is 0"),
        ({"comparator_loss": 0.5}, "comparator_loss is 0.5: expected less than 0.5"),
        ({"comparator_loss": -0.1}, "comparator_loss is -0.1"),
        ({"comparator_loss": 0.1, "target": "excess-loss"}, "no meaning for the target excess-loss"),
        ({"activation": "swish"}, "unknown activation 'swish'"),
        ({"loss": "ramp"}, "unknown loss 'ramp'"),
        (
            {"target": "accuracy"},
            "unknown target 'accuracy': expected one of loss, robust-error, excess-loss",
        ),
        ({"dimension": 0}, "dimension is 0"),
        ({"dimension": 2.5}, "dimension is 2.5"),
        ({"width": 10**6 + 1}, "width is 1000001: expected a positive even integer"),
        ({"initial_operator_norm": 3}, "belongs to a drawn network"),
        ({"initial_operator_norm": float("nan"), "width": 10**6}, "operator norm is nan"),
        ({"initial_operator_norm": float("inf"), "width": 10**6}, "operator norm is inf"),
        ({"step_size": 0}, "step_size is 0"),
        ({"theorem": "P1"}, "P1 is a scaling law .*guarantees no width"),
        ({"theorem": "E99"}, "unknown theorem 'E99': expected one of auto, E1, E2, .*P1"),
        ({"max_iterations": 0}, "max_iterations is 0"),
        ({"max_width": 2.5}, "max_width is 2.5"),
        ({"max_width": 100, "share": "1/2"}, "share is 1/2: max_iterations and max_width choose it"),
        ({"max_width": 10**6, "width": 10**6}, "max_width is 1000000: the network is drawn already"),
        ({"comparator_margin": 0}, "comparator_margin is 0"),
        ({"row_radius": -1}, "row_radius is -1"),
    ],
)
def test_bad_input_is_refused_in_one_clear_line(changes, complaint):
    arguments = {"target_epsilon": 0.5, "radius": 2, "activation": "quadratic_relu", "dimension": 3}
    with pytest.raises(InvalidInput, match=complaint) as caught:
        required_width(**(arguments | changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"width": 7}, "width is 7: expected a positive even integer"),
        ({"iterations": 0}, "iterations is 0"),
        ({"iterations": 2.5}, "iterations is 2.5"),
        ({"step_size": -1}, "step_size is -1"),
    ],
)
def test_forward_input_is_checked(changes, complaint):
    arguments = {"width": 8, "step_size": 1, "iterations": 3, "radius": 1, "activation": "erf"}
    with pytest.raises(InvalidInput, match=complaint):
        guarantee(**(arguments | changes))


@settings(max_examples=20)
@given(width=st.integers(min_value=1, max_value=10**6), iterations=st.integers(min_value=1, max_value=10**6))
def test_more_width_or_more_iterations_never_weaken_the_guarantee_of_e1(width, iterations):
    common = {"step_size": "0.01", "radius": 2, "activation": "quadratic_relu", "dimension": 9, "theorem": "E1"}
    here = guarantee(**common, width=2 * width, iterations=iterations)
    wider = guarantee(**common, width=2 * width + 2, iterations=iterations)
    longer = guarantee(**common, width=2 * width, iterations=iterations + 1)
    assert is_less(wider.value, here.value) and is_less(longer.value, here.value)


def test_a_width_from_a_radius_is_answered_in_a_fresh_process_without_arrays():
    code = (
        "import sys\n"
        "from robustntk.bounds import required_width\n"
        "required_width(target_epsilon=0.5, radius=3.91, activation='quadratic_relu', dimension=65)\n"
        "print(sorted({'numpy', 'jax', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
