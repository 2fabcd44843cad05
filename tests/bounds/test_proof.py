"""Proofs as data: what a step may use, what an instance of it supposes, and when a check counts for nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sympy
from sympy import Symbol, symbols

from robustntk.bounds.engines.engine import Fact, given
from robustntk.bounds.engines.finite import Exact
from robustntk.bounds.engines.identity import Identity
from robustntk.bounds.engines.induction import Induction, Telescope
from robustntk.bounds.engines.relations import at_most, equal
from robustntk.bounds.engines.smt import Entails
from robustntk.bounds.outcome import Outcome, Verdict
from robustntk.bounds.proof import Falsified, Proof, Step, check_proof, check_step

x, y = symbols("x y", real=True)
p, q = symbols("p q", positive=True)
t = Symbol("t", integer=True, positive=True)

PROVED = Outcome.proved("so it is")
REFUTED = Outcome.refuted("x = 1", "there it fails")
WEAKER = [Outcome.inconclusive("who knows"), Outcome.unsupported("cannot read it"), Outcome.cited("somebody says so")]


@dataclass(frozen=True)
class Says:
    """An engine that says what it is told to say, or raises it."""

    found: Outcome | Exception
    facts: tuple[Fact, ...] = ()
    conclusion: Any = None
    name: str = "parrot"

    def check(self) -> Outcome:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def step(name: str, engine: Any = None, *variants: Any, uses: tuple[str, ...] = ()) -> Step:
    """A step with the variants given, or with one that is refuted."""
    falsified = tuple(Falsified(f"variant {index}", each) for index, each in enumerate(variants or (Says(REFUTED),)))
    return Step(name=name, claim=f"the claim of {name}", engine=engine or Says(PROVED), falsified=falsified, uses=uses)


def entails(conclusion: Any, *facts: Fact) -> Entails:
    return Entails(tuple(facts), conclusion)


def verdict(engine: Any) -> Verdict:
    found: Outcome = engine.check()
    return found.verdict


def test_a_step_without_a_falsified_variant_is_refused() -> None:
    with pytest.raises(ValueError, match="lonely has no falsified variant"):
        Step(name="lonely", claim="1 = 1", engine=Says(PROVED), falsified=())


def test_a_step_may_only_use_earlier_ones() -> None:
    late = step("late")
    with pytest.raises(ValueError, match="early uses late, which is no earlier step of E0"):
        Proof("E0", "order", (step("early", uses=("late",)), late))
    with pytest.raises(ValueError, match="alone uses late"):
        Proof("E0", "order", (step("alone", Says(PROVED, facts=(Fact("late", x > 0, assumed=False),))),))
    assert Proof("E0", "order", (late, step("early", uses=("late",)))).steps[1].premises == ("late",)


def test_two_steps_may_not_share_a_name() -> None:
    with pytest.raises(ValueError, match="two steps of E0 .* are called twin"):
        Proof("E0", "twins", (step("twin"), step("twin")))
    with pytest.raises(ValueError, match="two steps of E1 .* are called twin"):
        Proof("E1", "twins", (step("twin"),), rests_on=(Proof("E0", "first", (step("twin"),)),))


def test_a_proof_uses_the_steps_of_those_that_it_rests_on_but_no_others() -> None:
    base = Proof("E0", "base", (step("base"),))
    middle = Proof("E1", "middle", (step("middle", uses=("base",)),), rests_on=(base,))
    top = Proof("E2", "top", (step("top", uses=("base", "middle")),), rests_on=(middle, base))
    assert list(top.foundations) == ["E0", "E1"]
    with pytest.raises(ValueError, match="top uses base"):
        Proof("E2", "top", (step("top", uses=("base",)),))


def test_a_fact_has_to_be_what_the_step_concludes() -> None:
    square = step("square", entails(at_most(0, x**2)))
    Proof("E0", "honest", (square, step("use", entails(at_most(0, y**2), square.at({x: y})))))
    invented = Fact("square", at_most(1, x**2), assumed=False)
    with pytest.raises(ValueError, match="use takes from square what that step does not conclude"):
        Proof("E0", "invented", (square, step("use", entails(at_most(1, x**2), invented))))


def test_a_step_without_a_conclusion_yields_no_fact() -> None:
    with pytest.raises(ValueError, match="words has no conclusion in symbols"):
        step("words").at()


def test_an_unchanged_conclusion_is_used_as_it_is() -> None:
    bounded = step("bounded", entails(at_most(x**2, 1), given("h", at_most(sympy.Abs(x), 1))))
    fact = bounded.at()
    assert fact.relation == at_most(x**2, 1)
    assert fact.hypotheses == (at_most(sympy.Abs(x), 1),)


def test_an_instance_supposes_what_the_step_supposed_of_the_replaced_symbols() -> None:
    """From |x| <= 1 follows x^2 <= 1; at x = 5 this must not become 25 <= 1."""
    bounded = step("bounded", entails(at_most(x**2, 1), given("h", at_most(sympy.Abs(x), 1))))
    five = sympy.Integer(5)
    assert verdict(bounded.engine) is Verdict.PROVED
    assert verdict(entails(at_most(y, 0), bounded.at({x: five}))) is Verdict.REFUTED
    assert verdict(entails(at_most(y**2, 1), bounded.at({x: y}))) is Verdict.REFUTED
    known = given("small", at_most(sympy.Abs(y), sympy.Rational(1, 2)))
    assert verdict(entails(at_most(y**2, 1), bounded.at({x: y}), known)) is Verdict.PROVED


def test_an_instance_supposes_the_declared_sign() -> None:
    inverse = step("inverse", Identity(sympy.sqrt(p**2), p))
    assert inverse.at({p: x}).relation != equal(sympy.sqrt(x**2), x)
    assert verdict(entails(equal(sympy.Abs(x), x), inverse.at({p: x}))) is Verdict.REFUTED
    assert verdict(entails(equal(sympy.sqrt(x**2), x), inverse.at({p: x}), given("sign", x > 0))) is Verdict.PROVED
    assert inverse.at({p: q + 1}).relation == equal(sympy.sqrt((q + 1) ** 2), q + 1)


def test_an_instance_remembers_the_hypotheses_of_earlier_steps() -> None:
    first = step("first", entails(at_most(x, 1), given("h", at_most(x, sympy.Rational(1, 2)))))
    second = step("second", entails(at_most(x, 2), first.at()))
    assert second.hypotheses == first.hypotheses
    assert verdict(entails(at_most(y, 2), second.at({x: y}))) is Verdict.REFUTED


def test_a_sum_is_bounded_only_if_its_terms_are() -> None:
    """The lemma "p_r <= k q_r for all r gives P <= k Q", used for squares of entries that are at most 4."""
    count, total, sizes = Symbol("r", integer=True, nonnegative=True), *symbols("P Q", real=True)
    term, size = symbols("p_r q_r", real=True)
    sums = Induction(
        invariant=at_most(total, q * sizes),
        counter=count,
        start=0,
        first={total: sympy.Integer(0), sizes: sympy.Integer(0)},
        following={total: total + term, sizes: sizes + size},
        step_facts=(given("terms", at_most(term, q * size)),),
    )
    lemma, n, entry = step("sums", sums), Symbol("n", positive=True), Symbol("e", real=True)
    short = lemma.at({total: x, q: 4 * p, sizes: n, term: entry**2, size: 1})
    claim = at_most(x, 4 * p * n)
    assert verdict(sums) is Verdict.PROVED
    assert verdict(entails(claim, short)) is Verdict.REFUTED
    assert verdict(entails(claim, short, given("entries", at_most(entry**2, 4 * p)))) is Verdict.PROVED
    assert verdict(entails(claim, short, given("entries", at_most(entry**2, 5 * p)))) is Verdict.REFUTED


def test_what_an_induction_supposes_of_all_members_is_not_asked_of_one() -> None:
    value, following = symbols("D D_next", nonnegative=True)
    halving = Induction(
        invariant=at_most(value, 1),
        counter=t,
        first={value: p},
        following={value: following},
        always=(given("start", at_most(p, 1)),),
        step_facts=(given("halving", at_most(following, value / 2)),),
    )
    assert verdict(halving) is Verdict.PROVED
    fact = step("halving", halving).at({t: t + 5, value: q})
    assert fact.relation == at_most(q, 1)
    decreases = Telescope(quantity=sympy.Function("D")(t), decrease=p, counter=t, last=Symbol("n", integer=True))
    assert decreases.changing == {t}


@pytest.mark.parametrize("weaker", WEAKER, ids=lambda outcome: outcome.verdict.value)
def test_a_variant_that_is_not_refuted_makes_the_step_inconclusive(weaker: Outcome) -> None:
    checked = step("soft", Says(PROVED), Says(REFUTED), Says(weaker))
    assert check_step(checked).outcome is Verdict.PROVED
    found = check_step(checked, falsify=True)
    assert found.outcome is Verdict.INCONCLUSIVE
    assert found.reason == "falsified but not refuted: variant 1"
    assert check_proof(Proof("E0", "soft", (checked,)), falsify=True).outcome is Verdict.INCONCLUSIVE


def test_a_refuted_step_stays_refuted_whatever_its_variants_do() -> None:
    found = check_step(step("wrong", Says(REFUTED), Says(PROVED)), falsify=True)
    assert found.outcome is Verdict.REFUTED
    assert found.to_json()["counterexample"] == "x = 1"


def test_a_false_claim_is_caught_with_and_without_its_variants() -> None:
    wrong = step("wrong", entails(at_most(x**2, x)))
    assert [check_step(wrong, falsify=each).outcome for each in (False, True)] == [Verdict.REFUTED] * 2


@pytest.mark.parametrize("error", [ValueError("no"), NotImplementedError("no"), ZeroDivisionError("no")], ids=repr)
def test_an_engine_that_raises_makes_its_step_unsupported_and_no_other(error: Exception) -> None:
    report = check_proof(Proof("E0", "faulty", (step("broken", Says(error)), step("sound"))))
    assert [each.outcome for each in report.steps] == [Verdict.UNSUPPORTED, Verdict.PROVED]
    assert type(error).__name__ in report.steps[0].reason


def test_an_exact_check_has_to_return_an_outcome() -> None:
    careless: Callable[[], Any] = lambda: True  # noqa: E731
    assert check_step(step("careless", Exact(careless))).outcome is Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([PROVED, PROVED], Verdict.PROVED),
        ([PROVED, Outcome.cited("Author")], Verdict.CITED),
        ([Outcome.cited("Author"), Outcome.unsupported("")], Verdict.UNSUPPORTED),
        ([Outcome.unsupported(""), Outcome.inconclusive("")], Verdict.INCONCLUSIVE),
        ([Outcome.inconclusive(""), REFUTED, PROVED], Verdict.REFUTED),
    ],
)
def test_a_proof_is_worth_what_its_weakest_step_is(outcomes: list[Outcome], expected: Verdict) -> None:
    steps = tuple(step(f"step {index}", Says(outcome)) for index, outcome in enumerate(outcomes))
    report = check_proof(Proof("E0", "mixed", steps))
    assert report.outcome is expected
    assert report.count(outcomes[0].verdict) == outcomes.count(outcomes[0])


def test_the_json_form_of_a_step_has_the_keys_of_the_contract_and_plain_values() -> None:
    told = step("told", Says(PROVED, facts=(given("h", x > 0),)), uses=())
    found = check_step(told, falsify=True).to_json()
    assert found.keys() >= {"claim", "engine", "outcome", "seconds", "name", "uses", "assumes", "falsified"}
    assert found["assumes"] == ["h"] and found["outcome"] == "proved"
    assert found["falsified"] == [
        {"change": "variant 0", "outcome": "refuted", "reason": "there it fails", "counterexample": "x = 1"}
    ]
