"""The proof of every theorem along a run of its own plan, and along runs with planted faults."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from robustntk.bounds.letters import G, R
from robustntk.verify.comparison.inequality import Inequality
from robustntk.verify.comparison.proof_chains import chain
from robustntk.verify.comparison.proof_record import ProofRecorder
from robustntk.verify.comparison.shared_chain import ball_rows
from robustntk.verify.comparison.trace import Trace

Plans = Callable[[str], tuple[Any, Any]]
Runs = Callable[..., Any]
EXACT = "a step inside the set is the one prescribed"


def rows_of(run: Any, **changes: Any) -> tuple[Inequality, ...]:
    """The chain of a run; ``changes`` are letters with another value."""
    trace = Trace.of(run.drawn, run.record)
    trace = replace(trace, values={**trace.values, **changes})
    return (*ball_rows(trace, _rho(run)), *chain(trace))


def _rho(run: Any) -> float | None:
    rho = run.drawn.plan.problem.row_radius
    return None if rho is None else float(rho)


def broken(rows: tuple[Inequality, ...]) -> list[str]:
    return [row.step for row in rows if not row.kept]


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
def test_every_inequality_of_every_proof_holds(case: str, dtype: Any, trained: Runs) -> None:
    """A tiny margin takes float64, as the plans of such runs do."""
    if dtype is np.float32 and case == "E8 errors":
        pytest.skip("its loss has a margin below 1/100, for which a run takes float64")
    rows = rows_of(trained(case, dtype=dtype))
    assert broken(rows) == [] and len(rows) >= 14
    assert sum(row.step.startswith(EXACT) for row in rows) == 2


def test_the_a_posteriori_bound_is_an_identity_while_nothing_is_projected(case: str, trained: Runs) -> None:
    """E1.post loses nothing but projections: its sides differ by rounding, in either direction."""
    run = trained(case, iterations=10)
    row = next(row for row in rows_of(run) if row.step.endswith("(E1.post)"))
    trace = Trace.of(run.drawn, run.record)
    assert trace.rounding.free.all()
    allowance = float(np.mean(trace.rounding.squares)) / (2.0 * trace["alpha"])
    assert 0.0 <= row.slack <= 2.0 * allowance < 1e-3 * row.rhs


@pytest.mark.parametrize("factor", [2.0, 1.2, 0.9])
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
def test_a_step_of_another_size_is_noticed(factor: float, dtype: Any, case: str, trained: Runs) -> None:
    """The same fault as a gradient scaled by the factor; also where longer steps help."""
    if dtype is np.float32 and case == "E8 errors":
        pytest.skip("its loss has a margin below 1/100, for which a run takes float64")
    assert any(step.startswith(EXACT) for step in broken(rows_of(trained(case, dtype=dtype, step_factor=factor))))


@pytest.mark.parametrize("case", ["E7", "E8-tied"])
def test_a_set_of_another_radius_is_noticed(case: str, trained: Runs) -> None:
    """A projection onto a quarter of the ball, in which the comparator is not, while the theorem has the whole."""
    run = trained(case, iterations=None, radius_factor=0.02)
    assert broken(rows_of(run)) != []


def test_a_comparator_outside_the_ball_is_noticed(case: str, planned: Plans, trained: Runs) -> None:
    drawn, problem = planned(case)
    moves = drawn.comparator.moves.scaled(1.5)
    far = replace(drawn, comparator=replace(drawn.comparator, moves=moves))
    run = trained(case, recorder=ProofRecorder.of(far, problem.data.y))
    assert "comparator: |W_1 - W_*| <= R" in broken(rows_of(run))


@pytest.mark.parametrize("case", ["E7", "E8", "E9", "E2"])
def test_a_comparator_without_its_margins_is_noticed(case: str, planned: Plans, trained: Runs) -> None:
    """Another point of the ball does not have the certified margins."""
    drawn, problem = planned(case)
    moves = drawn.comparator.moves.scaled(0.5)
    near = replace(drawn, comparator=replace(drawn.comparator, moves=moves))
    run = trained(case, recorder=ProofRecorder.of(near, problem.data.y))
    assert "comparator at the points met: certified mu_i <= y_i f(W_*, x_i^t)" in broken(rows_of(run))


def test_a_curvature_below_what_was_met_is_refuted(case: str, trained: Runs) -> None:
    """The least constant that the run allows passes, four fifths of it do not."""
    run = trained(case)
    least = float(np.max(run.record.remainders / run.record.reaches))
    at_least = [row for row in rows_of(run, C=least * (1 + 1e-6)) if row.step.startswith("per neuron")]
    too_small = [row for row in rows_of(run, C=0.8 * least) if row.step.startswith("per neuron")]
    assert all(row.kept for row in at_least) and not any(row.kept for row in too_small)


@pytest.mark.parametrize(("letter", "factor"), [(str(G), 0.05), (str(R), 0.1), ("mu", 10.0)])
def test_a_constant_that_is_too_good_is_refuted(letter: str, factor: float, case: str, trained: Runs) -> None:
    run = trained(case)
    values = Trace.of(run.drawn, run.record).values
    if letter in values:
        assert broken(rows_of(run, **{letter: factor * values[letter]})) != []


def test_nan_is_no_evidence(trained: Runs) -> None:
    run = trained("E7")
    curves = run.record.arrays()
    elsewhere = ("wrong_margins", "depths", "unsure", "remainder_costs", "rows", "active", "value_gaps", "errors")
    for name in curves:
        spoilt = np.array(curves[name])
        spoilt[1] = np.nan
        wrong = replace(run, record=replace(run.record, **{name: spoilt}))
        assert bool(broken(rows_of(wrong))) or name in elsewhere, name
