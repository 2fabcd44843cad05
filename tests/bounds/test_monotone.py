"""A harder problem never gets by with less: monotonicity of all calculators, for every theorem."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, get_activation, guarantee, huber, is_at_most, required_width
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS

SMOOTH = ("E3", "E9")
EASY = {
    "target_epsilon": Fraction(1, 3),
    "radius": Fraction(3),
    "activation": "erf",
    "row_radius": Fraction(6),
    "operator_radius": Fraction(2),
    "comparator_loss": Fraction(0),
}
THEOREMS = [*CONVERGENCE_THEOREMS, "auto"]
factors = st.fractions(min_value=1, max_value=30, max_denominator=1000)

HARDER = {
    "epsilon": lambda easy, factor: {"target_epsilon": easy["target_epsilon"] / factor},
    "radius": lambda easy, factor: {"radius": easy["radius"] * factor},
    "scale": lambda easy, factor: {"activation": get_activation("erf", factor)},
    "Lipschitz constant": lambda easy, factor: {"loss": huber(factor)},
    "row radius": lambda easy, factor: {"row_radius": easy["row_radius"] * factor},
    "operator radius": lambda easy, factor: {"operator_radius": easy["operator_radius"] * factor},
    "loss of the comparator": lambda easy, factor: {
        "comparator_loss": easy["target_epsilon"] * (1 - Fraction(1) / factor) / 2
    },
}


def problem(theorem, quantity):
    """The easier of two problems, for a loss that the theorem is about."""
    loss = "squared_hinge" if theorem.startswith(SMOOTH) else "hinge"
    if quantity == "Lipschitz constant":
        loss = huber(1)
    return EASY | {"theorem": theorem, "loss": loss}


def pair(theorem, quantity, factor):
    easy = problem(theorem, quantity)
    hard = easy | HARDER[quantity](easy, factor)
    if theorem.startswith("E8"):
        assume(hard["comparator_loss"] == 0 and quantity != "Lipschitz constant")
    return easy, hard


def applies(theorem, quantity):
    return not (theorem.startswith("E8") and quantity in ("Lipschitz constant", "loss of the comparator"))


CASES = [(theorem, quantity) for theorem in THEOREMS for quantity in HARDER if applies(theorem, quantity)]


@settings(max_examples=8)
@given(factor=factors)
@pytest.mark.parametrize(("theorem", "quantity"), CASES)
def test_a_harder_problem_never_gets_by_with_less_width(theorem, quantity, factor):
    easy, hard = pair(theorem, quantity, factor)
    assert required_width(**easy).width <= required_width(**hard).width


@settings(max_examples=6)
@given(factor=factors)
@pytest.mark.parametrize(("theorem", "quantity"), CASES)
def test_at_the_same_width_a_harder_problem_never_gets_by_with_fewer_iterations(theorem, quantity, factor):
    """For a comparator of known margin, where E8 is concerned: stretches come from a grid."""
    easy, hard = pair(theorem, quantity, factor)
    known = {"comparator_margin": Fraction(3, 2)} if theorem.startswith("E8") or theorem == "auto" else {}
    width = 2 * required_width(**hard, **known).width
    counts = [required_width(**wanted, **known, width=width).iterations for wanted in (easy, hard)]
    assert counts == sorted(counts)


@settings(max_examples=8)
@given(factor=st.fractions(min_value="5/4", max_value=30, max_denominator=100))
@pytest.mark.parametrize(("theorem", "quantity"), [case for case in CASES if case[0] != "auto"])
def test_at_its_own_width_a_harder_problem_never_gets_by_with_fewer_iterations(theorem, quantity, factor):
    """By a quarter at least: where the width is rounded up, the iterations gain a little."""
    easy, hard = pair(theorem, quantity, factor)
    easy, hard = ({**wanted, "radius": 10 * wanted["radius"]} for wanted in (easy, hard))
    counts = [required_width(**wanted).iterations for wanted in (easy, hard)]
    assert counts[0] <= counts[1] + counts[1] // 100


@settings(max_examples=15)
@given(
    low=st.fractions(min_value="1/100", max_value="99/100", max_denominator=1000),
    part=st.fractions(min_value="1/100", max_value="99/100", max_denominator=1000),
)
@pytest.mark.parametrize("theorem", ["E1", "E7", "E8", "auto"])
def test_more_confidence_costs_iterations_and_no_width(theorem, low, part):
    common = {"target_epsilon": "1/2", "radius": 3, "activation": "quadratic_relu", "dimension": 20, "theorem": theorem}
    plans = [required_width(**common, confidence=level) for level in (low, low + (1 - low) * part)]
    assert plans[0].width == plans[1].width
    assert plans[0].iterations <= plans[1].iterations
    assert is_at_most(plans[0].gradient_bound, plans[1].gradient_bound)


@settings(max_examples=10)
@given(factor=factors)
@pytest.mark.parametrize("theorem", ["E8", "E8-tied"])
def test_a_larger_margin_of_the_comparator_never_costs_width(theorem, factor):
    easy = problem(theorem, "radius") | {"comparator_margin": factor}
    hard = easy | {"comparator_margin": Fraction(1)}
    assert required_width(**easy).width <= required_width(**hard).width


@settings(max_examples=10)
@given(
    width=st.integers(1, 10**6),
    iterations=st.integers(1, 10**5),
    step=st.fractions(min_value="1/1000", max_value="1/4", max_denominator=1000),
    more=st.integers(1, 1000),
)
@pytest.mark.parametrize("theorem", THEOREMS)
@pytest.mark.parametrize("target", ["loss", "robust-error"])
def test_more_width_or_more_iterations_never_weaken_the_guarantee(theorem, target, width, iterations, step, more):
    common = problem(theorem, "radius") | {"step_size": step, "target": target}
    del common["target_epsilon"]
    here = guarantee(**common, width=2 * width, iterations=iterations)
    wider = guarantee(**common, width=2 * (width + more), iterations=iterations)
    longer = guarantee(**common, width=2 * width, iterations=iterations + more)
    assert is_at_most(wider.value, here.value) and is_at_most(longer.value, here.value)


def test_the_cases_say_what_is_refused():
    with pytest.raises(InvalidInput, match="robust loss up to"):
        required_width(**problem("E8", "radius") | {"comparator_loss": Fraction(1, 10)})
