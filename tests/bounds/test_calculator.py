"""required_width and guarantee: integers by the formulas of E1, each checking the other; the choice of a theorem."""

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
    E1,
    Activation,
    HypothesisError,
    InvalidInput,
    Problem,
    TwoLayerConvergence,
    WidthTooSmall,
    get_activation,
    gradient_bound,
    guarantee,
    huber,
    is_at_most,
    is_less,
    required_width,
)
from robustntk.bounds.activation import z
from robustntk.bounds.backward import Goal, draft_at_share
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS
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


def test_of_the_theorems_that_a_drawn_network_is_wide_enough_for_the_quickest_is_taken():
    common = {"target_epsilon": 0.5, "radius": 3, "activation": "erf"}
    plan = required_width(**common, width=1000)
    rows = {other.theorem: other for other in plan.alternatives}
    assert {"E7", "E8"} == {name for name, row in rows.items() if row.width == 1000}
    assert plan.iterations == min(row.iterations for row in rows.values() if row.iterations is not None)
    assert "asks for at least" in rows["E1"].reason


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
        ({"theorem": "E99"}, "unknown theorem 'E99': expected auto, E1, E2, .*scaling law"),
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


@pytest.mark.parametrize("theorem", ["auto", "E1"])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"activation": "relu"}, "sigma' jumps at 0"),
        ({"loss": "logistic"}, "positive everywhere"),
        ({"loss": "logistic", "target": "robust-error"}, "positive everywhere"),
        ({"loss": "squared_hinge", "target": "excess-loss"}, "Lipschitz only on a bounded range"),
        ({"activation": "quadratic_relu"}, "needs the dimension"),
    ],
)
def test_failed_hypotheses_are_refused_with_their_reason(theorem, changes, reason):
    with pytest.raises(HypothesisError, match=reason):
        required_width(**({"target_epsilon": 0.5, "radius": 2, "activation": "erf", "theorem": theorem} | changes))


def test_where_no_theorem_applies_the_nearest_says_why():
    """ReLU fails every theorem, but with the squared hinge loss E3 fails in nothing else."""
    with pytest.raises(HypothesisError, match="^no theorem applies: E3 is the nearest and needs sigma'"):
        required_width(target_epsilon=0.5, radius=2, activation="relu", loss="squared_hinge")


def test_auto_takes_the_least_width_and_says_why_the_others_do_not_apply():
    plan = required_width(**REFERENCE)
    rows = {other.theorem: other for other in plan.alternatives}
    assert rows.keys() == CONVERGENCE_THEOREMS.keys()
    applying = [row for row in plan.alternatives if row.width is not None]
    assert applying == list(plan.alternatives[: len(applying)])
    assert [row.width for row in applying] == sorted(row.width for row in applying)
    assert (plan.theorem, plan.width, plan.iterations) == (
        applying[0].theorem,
        applying[0].width,
        applying[0].iterations,
    )
    assert rows["E1"].width == 59834 > 20 * plan.width
    assert "no finite H" in rows["E3"].reason and "sigma'' jumps" in rows["E2"].reason
    for row in applying:
        alone = required_width(**REFERENCE, theorem=row.theorem)
        assert (alone.width, alone.iterations, alone.share) == (row.width, row.iterations, row.share)
        assert alone.alternatives == (row,)


def test_the_fewest_gradient_evaluations_are_named_beside_the_least_width():
    fewest = required_width(**REFERENCE).fewest_iterations
    assert fewest.iterations == min(row.iterations for row in required_width(**REFERENCE).alternatives if row.width)
    assert fewest.theorem == "E1"


def test_tied_theorems_need_the_row_radius():
    common = {"target_epsilon": "0.25", "radius": "7.8", "activation": "erf", "target": "robust-error"}
    without = {row.theorem: row.reason for row in required_width(**common).alternatives}
    assert all("no rho is given" in without[name] for name in ("E2", "E7-tied", "E8-tied"))
    plan = required_width(**common, row_radius=22)
    assert plan.network == "tied" and plan.width < required_width(**common).width
    assert "W_* is tied and moves no neuron by more than rho / sqrt(m)" in [item.text for item in plan.hypotheses]


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


RUN = {"width": 4000, "step_size": "0.05", "iterations": 1000, "radius": 2, "activation": "erf"}


def test_the_forward_bound_is_the_least_of_all_theorems_that_apply():
    found = guarantee(**RUN, row_radius=5)
    values = {row.theorem: row.value for row in found.alternatives if row.value is not None}
    assert values.keys() == {"E1", "E2", "E7", "E7-tied", "E8", "E8-tied"}
    assert {row.theorem for row in found.alternatives} == CONVERGENCE_THEOREMS.keys()
    assert found.value == values[found.theorem]
    assert all(is_at_most(found.value, value) for value in values.values())
    for name, value in values.items():
        assert guarantee(**RUN, row_radius=5, theorem=name).value == value


def test_a_theorem_without_a_bound_at_a_step_size_says_so():
    smooth = RUN | {"loss": "huber", "step_size": 2}
    rows = {row.theorem: row for row in guarantee(**smooth).alternatives}
    assert rows["E3"].value is None and "step_size is 2" in rows["E3"].reason
    assert rows["E1"].value is not None
    with pytest.raises(InvalidInput, match="step_size is 2: .*expected less than about 0.785"):
        guarantee(**smooth, theorem="E3")


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


def test_a_width_from_a_radius_is_answered_in_a_fresh_process_without_arrays():
    code = (
        "import sys\n"
        "from robustntk.bounds import required_width\n"
        "required_width(target_epsilon=0.5, radius=3.91, activation='quadratic_relu', dimension=65)\n"
        "print(sorted({'numpy', 'jax', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
