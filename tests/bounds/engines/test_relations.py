"""Relations stay as written; negation leaves the points where a side is undefined to neither side."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import And, Implies, Not, Or
from sympy.logic.boolalg import BooleanFunction

from robustntk.bounds import InvalidInput
from robustntk.bounds.engines.relations import at_most, differs, equal, less, substituted, without_negations

x, y = sympy.symbols("x y", real=True)
a = sympy.Symbol("a", positive=True)


@pytest.mark.parametrize(("relate", "text"), [(at_most, "<="), (less, "<"), (equal, "Eq"), (differs, "Ne")])
def test_a_relation_is_not_evaluated(relate, text):
    relation = relate(-a, 0)
    assert relation.args == (-a, 0)
    assert text in str(relation)


def test_substitution_leaves_relations_as_they_are():
    formula = And(at_most(0, x), Or(less(x, y), equal(x, 1), evaluate=False), evaluate=False)
    assert at_most(0, a) in substituted(formula, {x: a}).args
    assert substituted(at_most(x, y), {x: y, y: x}) == at_most(y, x)


atoms = st.sampled_from([at_most(x, 0), less(x, y), equal(x, 1), differs(y, 2), sympy.true, sympy.false])
formulas = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda part: Not(part, evaluate=False)),
        st.tuples(inner, inner).map(lambda parts: And(*parts, evaluate=False)),
        st.tuples(inner, inner).map(lambda parts: Or(*parts, evaluate=False)),
        st.tuples(inner, inner).map(lambda parts: Implies(*parts, evaluate=False)),
    ),
    max_leaves=6,
)


@given(formula=formulas, negate=st.booleans(), u=st.integers(-1, 2), v=st.integers(-1, 2))
def test_pushing_negations_inwards_keeps_the_truth_value(formula, negate, u, v):
    plain = without_negations(formula, negate=negate)
    assert not any(isinstance(part, Not | Implies) for part in sympy.preorder_traversal(plain))
    assert truth(plain, {x: u, y: v}) == (truth(formula, {x: u, y: v}) != negate)


def truth(formula, values):
    parts = [truth(part, values) for part in formula.args] if isinstance(formula, BooleanFunction) else []
    if isinstance(formula, Not):
        return not parts[0]
    if isinstance(formula, Implies):
        return parts[1] or not parts[0]
    if isinstance(formula, And | Or):
        return all(parts) if isinstance(formula, And) else any(parts)
    return formula.subs(values) == sympy.true


@pytest.mark.parametrize("claim", [x, sympy.Symbol("p"), sympy.Xor(x > 0, y > 0), None, sympy.Integer(1)], ids=str)
def test_what_is_no_claim_is_refused(claim):
    with pytest.raises(InvalidInput, match="expected relations"):
        without_negations(claim)
