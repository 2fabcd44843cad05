"""Induction and telescoping: what they conclude is built from what was checked, and holds for actual sequences."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Function, Max, Rational, Sum

from robustntk.bounds import InvalidInput, Verdict
from robustntk.bounds.engines.engine import Engine, Fact
from robustntk.bounds.engines.induction import Induction, Telescope
from robustntk.bounds.engines.relations import at_most, equal

t, T = sympy.symbols("t T", integer=True, positive=True)
alpha, R, g2, c, e, q = sympy.symbols("alpha R g2 c e q", positive=True)
D, D_next, D_1, S, loss, Q = sympy.symbols("D D_next D_1 S loss Q", real=True)
distance, excess = Function("D"), Function("l")


def fact(relation, source="hypothesis"):
    return Fact(source, relation, assumed=True)


def regret(*, noise=1, start=1):
    """Distances of gradient descent: D_(t+1) <= D_t - 2 alpha loss_t + alpha^2 g2, summed from D_1 <= R^2."""
    return Induction(
        invariant=at_most(D, start * R**2 - 2 * alpha * S + noise * (t - 1) * alpha**2 * g2),
        counter=t,
        first={D: D_1, S: 0},
        following={D: D_next, S: S + loss},
        base_facts=(fact(at_most(D_1, R**2)),),
        step_facts=(fact(at_most(D_next, D - 2 * alpha * loss + alpha**2 * g2)),),
    )


def contraction(*, form=q ** (t - 1), start=1):
    """Distances that contract towards e/c: D_(t+1) <= q D_t + (1 - q) e/c."""
    return Induction(
        invariant=at_most(D, e / c - Q * (e / c - start * R**2)),
        counter=t,
        first={D: D_1, Q: 1},
        following={D: D_next, Q: q * Q},
        closed_forms={Q: form},
        base_facts=(fact(at_most(D_1, R**2)),),
        step_facts=(fact(at_most(D_next, q * D + (1 - q) * e / c)),),
    )


def ball(*, gain=1):
    """Distances do not grow while the excess outweighs the noise."""
    return Induction(
        invariant=at_most(D, R**2),
        counter=t,
        first={D: D_1},
        following={D: D_next},
        always=(fact(at_most(alpha * g2, 2 * gain * e)),),
        base_facts=(fact(at_most(D_1, R**2)),),
        step_facts=(fact(at_most(D_next, D - 2 * alpha * loss + alpha**2 * g2)), fact(at_most(e, loss))),
    )


def telescope(*, noise=1):
    decrease = 2 * alpha * excess(t) - noise * alpha**2 * g2
    step = at_most(distance(t + 1), distance(t) - 2 * alpha * excess(t) + alpha**2 * g2)
    return Telescope(quantity=distance(t), decrease=decrease, counter=t, last=T, facts=(fact(step),))


@pytest.mark.parametrize("rule", [regret(), contraction(), ball(), telescope()], ids=str)
def test_a_sound_induction_is_proved(rule):
    assert rule.check().verdict is Verdict.PROVED


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        (regret(noise=Rational(99, 100)), "the step"),
        (regret(start=Rational(99, 100)), "the first member"),
        (contraction(start=Rational(99, 100)), "the first member"),
        (contraction(form=q**t), "the first value of Q"),
        (contraction(form=Rational(1) + (t - 1) * (q - 1)), "the recurrence of Q"),
        (ball(gain=Rational(101, 100)), "the step"),
        (telescope(noise=Rational(99, 100)), "the step"),
    ],
    ids=str,
)
def test_an_unsound_induction_is_refuted_where_it_breaks(rule, part):
    outcome = rule.check()
    assert outcome.verdict is Verdict.REFUTED
    assert outcome.reason.startswith(part)
    assert outcome.counterexample is not None


def test_the_counterexample_of_a_step_breaks_the_step():
    rule = regret(noise=Rational(99, 100))
    values = rule.check().counterexample.values
    assert all(each.relation.subs(values) == sympy.true for each in rule.step.facts)
    assert rule.step.conclusion.subs(values) == sympy.false


def test_a_dropped_hypothesis_leaves_no_induction():
    rule = regret()
    without = Induction(
        invariant=rule.invariant, counter=t, first=rule.first, following=rule.following, base_facts=rule.base_facts
    )
    assert without.check().verdict is Verdict.REFUTED


def test_step_facts_that_contradict_each_other_prove_nothing():
    rule = Induction(
        invariant=at_most(D, 0),
        counter=t,
        first={D: 0},
        following={D: D_next},
        step_facts=(fact(at_most(D_next, D)), fact(at_most(D + 1, D_next))),
    )
    outcome = rule.check()
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "contradict" in outcome.reason


def test_the_conclusion_is_the_invariant_with_the_closed_forms():
    assert contraction().conclusion == at_most(D, e / c - q ** (t - 1) * (e / c - R**2))
    assert regret().conclusion == regret().invariant
    assert telescope().conclusion == at_most(
        Sum(2 * alpha * excess(t) - alpha**2 * g2, (t, 1, T)), distance(1) - distance(T + 1)
    )


def test_the_step_may_use_the_counter_and_the_induction_hypothesis_but_lists_only_what_it_was_given():
    rule = ball()
    assert [each.source for each in rule.facts] == ["hypothesis"] * 4
    assert at_most(1, t) in [each.relation for each in rule.step.facts]


def test_a_running_maximum_is_at_least_every_member():
    rule = Induction(
        invariant=at_most(loss, S),
        counter=t,
        first={S: D_1, loss: D_1},
        following={S: Max(S, D_next), loss: D_next},
    )
    assert rule.check().verdict is Verdict.PROVED


def test_a_sequence_may_start_elsewhere():
    k = sympy.Symbol("k", integer=True, nonnegative=True)
    triangle = {"counter": k, "first": {S: 0}, "following": {S: S + k + 1}, "start": 0}
    assert Induction(invariant=equal(S, k * (k + 1) / 2), **triangle).check().verdict is Verdict.PROVED
    assert Induction(invariant=equal(S, k * (k + 1)), **triangle).check().verdict is Verdict.REFUTED


@given(
    losses=st.lists(st.fractions(0, 2, max_denominator=9), min_size=1, max_size=6),
    slacks=st.lists(st.fractions(0, 1, max_denominator=9), min_size=6, max_size=6),
)
def test_what_telescoping_concludes_holds_for_sequences(losses, slacks):
    """For D_(t+1) = D_t - 2 alpha l_t + alpha^2 g2 - slack_t, with alpha = 1/3 and g2 = 2."""
    values, squares = [Fraction(50)], Fraction(2, 9)
    for each, slack in zip(losses, slacks, strict=False):
        values.append(values[-1] - Fraction(2, 3) * each + squares - slack)
    conclusion = telescope().conclusion.subs({alpha: Rational(1, 3), g2: 2, T: len(losses)}).doit()
    at = {distance(i + 1): Rational(value) for i, value in enumerate(values)}
    at |= {excess(i + 1): Rational(value) for i, value in enumerate(losses)}
    assert conclusion.subs(at) == sympy.true


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"counter": R}, "not declared as an integer >= 1"),
        ({"counter": sympy.Symbol("i", integer=True)}, "not declared as an integer >= 1"),
        ({"start": 2}, "not declared as an integer >= 2"),
        ({"following": {D: D_next}}, "same symbols"),
        ({"closed_forms": {R: t}}, "same symbols"),
        ({"always": (fact(at_most(D, R), "bound"),)}, "the fact bound mentions D"),
        ({"base_facts": (fact(at_most(R, t), "bound"),)}, "the fact bound mentions t"),
        ({"first": {D: S, S: 0}}, "the first value of D mentions S"),
    ],
    ids=str,
)
def test_an_induction_that_makes_no_sense_is_refused(changes, complaint):
    rule = {"invariant": at_most(D, S), "counter": t, "first": {D: 0, S: 0}, "following": {D: D_next, S: S + 1}}
    with pytest.raises(InvalidInput, match=complaint):
        Induction(**(rule | changes))


def test_a_telescope_that_ends_at_its_counter_is_refused():
    with pytest.raises(InvalidInput, match="does not depend on t"):
        Telescope(quantity=distance(t), decrease=excess(t), counter=t, last=t + 1)


@pytest.mark.parametrize("rule", [regret(), telescope()], ids=str)
def test_the_rules_are_engines(rule):
    assert isinstance(rule, Engine)
    assert rule.name == "induction"
