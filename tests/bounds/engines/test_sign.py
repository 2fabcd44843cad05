"""Signs on intervals, with kinks, as facts for other steps."""

import pytest
import sympy

from robustntk.bounds import InvalidInput, Verdict
from robustntk.bounds.activation import z
from robustntk.bounds.engines.engine import Engine
from robustntk.bounds.engines.sign import Sign

oo, Max, Abs = sympy.oo, sympy.Max, sympy.Abs


@pytest.mark.parametrize(
    "claim",
    [
        Sign(Max(0, z), z),
        Sign(Abs(z) - z, z),
        Sign(Abs(z - 1) - z + 1, z, 0, 5),
        Sign(z - sympy.log(1 + z), z, 0),
        Sign(z - sympy.log(1 + z), z, sympy.Rational(1, 10**6), oo, strict=True),
        Sign(1 - sympy.cos(z), z),
        Sign(sympy.exp(z) - 1 - z, z),
        Sign(Max(z, 0) ** 2 / 2 - Max(z, 0) + sympy.Rational(1, 2), z),
        Sign(sympy.pi - z, z, -oo, sympy.pi),
    ],
    ids=str,
)
def test_true_claims_are_proved_and_their_reverse_refuted(claim):
    assert isinstance(claim, Engine)
    assert claim.check().verdict is Verdict.PROVED
    reverse = Sign(-claim.expression - sympy.Rational(1, 10**30), z, claim.lower, claim.upper)
    outcome = reverse.check()
    assert outcome.verdict is Verdict.REFUTED
    assert sympy.N(reverse.expression.subs(z, outcome.counterexample), 50) < 0


@pytest.mark.parametrize(
    ("claim", "point"),
    [
        (Sign(Max(0, z), z, strict=True), None),
        (Sign(Abs(z), z, strict=True), 0),
        (Sign(1 - z, z, 0, 1, strict=True), 1),
        (Sign(sympy.Piecewise((z, z >= 0), (1, True)), z, strict=True), 0),
    ],
    ids=str,
)
def test_equality_refutes_a_strict_claim(claim, point):
    outcome = claim.check()
    assert outcome.verdict is Verdict.REFUTED
    assert point is None or outcome.counterexample == point


def test_a_limit_that_is_no_value_does_not_refute():
    hole = sympy.Piecewise((z, z > 0), (1, True))
    assert Sign(hole, z).check().verdict is Verdict.PROVED
    assert Sign(hole, z, strict=True).check().verdict is Verdict.INCONCLUSIVE


def test_the_conclusion_states_the_range():
    assert str(Sign(z**2, z).conclusion) == "z**2 >= 0"
    assert str(Sign(z, z, 0, strict=True).conclusion) == "Implies(0 <= z, z > 0)"
    assert str(Sign(1 - z, z, 0, 1).conclusion) == "Implies((0 <= z) & (z <= 1), 1 - z >= 0)"


def test_what_cannot_be_read_is_refused():
    with pytest.raises(InvalidInput, match="gamma"):
        Sign(sympy.gamma(z), z, 1, 2).check()
