"""A guarantee in prose: what to run, what then holds, what it costs, and what is still to be checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .curvature import Network
from .exact import is_less
from .problem import Target
from .prose import integer_text, number_text
from .theorem import Kind

if TYPE_CHECKING:
    from .plan import Guarantee

_ARTICLES = {Kind.GUARANTEE: "a guarantee", Kind.CONDITIONAL_GUARANTEE: "a conditional guarantee"}


def statement(guarantee: Guarantee, bound: str) -> str:
    """The guarantee in prose, with `bound` as what is reached."""
    return " ".join(_sentences(guarantee, bound))


def _sentences(guarantee: Guarantee, bound: str) -> Iterator[str]:
    theorem = guarantee.basis
    yield f"Theorem {theorem.id} ({theorem.title}), {_ARTICLES[guarantee.kind]}."
    yield _run(guarantee)
    yield _capitalised(_conclusion(guarantee, bound))
    if guarantee.problem.target is Target.ROBUST_ERROR:
        yield "That fraction is the robust error if A is the strongest adversary, and at most the robust error if not."
    yield _costs(guarantee)
    still_open = [hypothesis for hypothesis in guarantee.hypotheses if hypothesis.satisfied is None]
    if still_open:
        listed = "; ".join(f"{hypothesis.text} ({hypothesis.reason})" for hypothesis in still_open)
        yield f"Hypotheses to be checked: {listed}."


def _run(guarantee: Guarantee) -> str:
    problem = guarantee.problem
    network = (
        f"the two-layer network of width m = {integer_text(guarantee.width)} with activation "
        f"{problem.activation.label} and symmetric Gaussian initialisation W_0"
    )
    steps = f"T = {integer_text(guarantee.iterations)} iterations of projected gradient descent with step size "
    size, radius = f"alpha = {number_text(guarantee.step_size)}", f"R = {number_text(problem.radius)}"
    if guarantee.network is Network.FULL:
        moves, ball = "", "B(R) = {||W - W_0||_F <= R}"
    else:
        moves = ", train only the antisymmetric moves w_r + u_r, w_r - u_r of its symmetric pairs"
        size += " (in the metric of W: alpha/2 in the coordinates u_r)"
        ball = "B(R) = {||W - W_0||_F <= R, ||u_r|| <= rho/sqrt(m) for all r}"
        radius += f", rho = {number_text(problem.row_radius)}"
    if "R_op" in guarantee.basis.needs:
        ball = ball.replace("<= R", "<= R, ||W - W_0||_op <= R_op", 1)
        radius += f", R_op = {number_text(problem.operator_radius)}"
    return (
        f"Take {network}{moves}, and run {steps}{size} on the surrogate {problem.loss.label} loss over {ball}, "
        f"{radius}, against any adversary A."
    )


def _conclusion(guarantee: Guarantee, bound: str) -> str:
    problem = guarantee.problem
    chance = "" if guarantee.confidence is None else f"with probability at least {number_text(guarantee.confidence)} "
    chance += "" if guarantee.confidence is None else "over W_0, "
    if problem.target is Target.EXCESS_LOSS:
        return f"{chance}min over t <= T of L_A(W_t) is at most L_*(W_*) + {bound} for every W_* in B(R)."
    reached = "L_A(W_t)"
    if problem.target is Target.ROBUST_ERROR:
        reached = "the fraction of training points that A makes misclassified"
    conclusion = f"{chance}min over t <= T of {reached} is at most {bound}."
    comparator = _comparator(guarantee)
    return f"{comparator}; hence {conclusion}" if problem.comparator_verified else f"if {comparator}, then {conclusion}"


def _comparator(guarantee: Guarantee) -> str:
    problem = guarantee.problem
    which = "some W_* in B(R)" if guarantee.network is Network.FULL else "some tied W_* in B(R)"
    if guarantee.of_margins:
        return f"{which} has y_i f(W_*, x') >= {number_text(problem.comparator_margin)} on every B(x_i)"
    return f"{which} has robust loss at most {number_text(problem.comparator_loss)}"


def _costs(guarantee: Guarantee) -> str:
    linearization, regret = (number_text(guarantee.terms[name]) for name in ("linearization", "regret"))
    if not guarantee.of_margins:
        return f"Of the loss, {linearization} is owed to near-linearity and {regret} to the regret."
    spare = -guarantee.terms["comparator"]
    paid = f"In units of the margin, near-linearity costs {linearization} and the regret {regret}"
    if is_less(0, spare):
        return f"{paid}, of which the comparator's spare margin mu - tau pays {number_text(spare)}."
    return f"{paid}."


def _capitalised(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
