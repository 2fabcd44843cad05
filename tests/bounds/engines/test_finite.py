"""An exact check passes its outcome on, and takes no boolean for one."""

import pytest
import sympy

from robustntk.bounds import Outcome
from robustntk.bounds.engines.engine import Engine
from robustntk.bounds.engines.finite import Exact
from robustntk.bounds.engines.relations import at_most


@pytest.mark.parametrize(
    "found", [Outcome.proved("all cases"), Outcome.refuted(7, "case 7"), Outcome.inconclusive("too many")], ids=str
)
def test_the_outcome_is_that_of_the_check(found):
    assert Exact(lambda: found).check() is found


@pytest.mark.parametrize("found", [True, None, "proved"])
def test_what_is_no_outcome_is_no_proof(found):
    with pytest.raises(TypeError, match="expected an Outcome"):
        Exact(lambda: found).check()


def test_an_exact_check_is_an_engine():
    conclusion = at_most(1, sympy.Symbol("n", integer=True))
    engine = Exact(lambda: Outcome.proved("all cases"), conclusion)
    assert isinstance(engine, Engine)
    assert (engine.name, engine.conclusion, engine.facts) == ("exact", conclusion, ())
