"""A citation is never a proof, and a stress test that fails refutes it."""

import pytest

from robustntk.bounds import Outcome, Verdict
from robustntk.bounds.engines.citation import Cited
from robustntk.bounds.engines.engine import Engine


def cited(found):
    return Cited("Davidson and Szarek (2001), Theorem II.13", "||W|| is at most ...", lambda: found)


@pytest.mark.parametrize("found", [Outcome.proved("on 100 draws"), Outcome.cited("on 100 draws")], ids=str)
def test_a_stress_test_that_passes_makes_a_citation_and_no_proof(found):
    outcome = cited(found).check()
    assert outcome.verdict is Verdict.CITED
    assert "Davidson and Szarek (2001), Theorem II.13" in outcome.reason
    assert "on 100 draws" in outcome.reason


@pytest.mark.parametrize(
    "found",
    [Outcome.refuted("draw 7", "too large"), Outcome.inconclusive("too slow"), Outcome.unsupported("no solver")],
    ids=str,
)
def test_a_stress_test_that_does_not_pass_speaks_for_itself(found):
    assert cited(found).check() is found


def test_a_citation_is_an_engine():
    engine = cited(Outcome.proved("nothing"))
    assert isinstance(engine, Engine)
    assert (engine.name, engine.conclusion, engine.facts) == ("cited", None, ())
