"""E6, end to end: a robust network near W_0 (E4) and a convergence theorem make training robust; and the best slack.

A comparator of margins 1 - s has hinge loss s and costs the radius (1 - s) R. So the width of E1 or E7 goes like
(1 - s)^4/(epsilon - s)^2, that of E2 like (1 - s)^3/(epsilon - s), rho being scaled as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sympy
from sympy import Max, Rational

from .errors import InvalidInput
from .exact import Number, between_zero_and_one
from .existence import E4
from .letters import epsilon, s
from .theorem import Hypothesis, Kind, Theorem

WIDTH_LAW = (1 - s) ** 4 / (epsilon - s) ** 2
OPTIMAL_SLACK = Max(0, 2 * epsilon - 1)
TIED_WIDTH_LAW = (1 - s) ** 3 / (epsilon - s)
OPTIMAL_TIED_SLACK = Max(0, (3 * epsilon - 1) / 2)
TIED_ROW_RADIUS = Rational(1)  # rho of W^c in units of V = sup_w |v(w)|: its pairs move by v(w_r)/sqrt(m)

_COMPARATOR = "W_*"
_STATEMENT = (
    "Let W^c lie in B(R) with L_*(W^c) <= s (E4, a posteriori for the network drawn, or a priori with probability >= "
    "1 - p), and let a convergence theorem (E1, E2, E3, E7, E8 or E9) give m, alpha and T for this R, s and epsilon. "
    "Then adversarial training with exactly these, against any adversary A, reaches min over t <= T of L_A(W_t) <= "
    "epsilon; against the strongest one, A = A_*, the best iterate has robust loss <= epsilon. It holds for sure, or "
    "with probability >= 1 - p - p_G, p_G the probability with which the gradient bound of E1.b fails."
)
_LATEX = (
    r"\mathcal L_\ast(W^c)\le s,\ W^c\in B(R),\ m\ge m(R,s,\epsilon)\ \Longrightarrow\ "
    r"\min_{t\le T}\mathcal L_A(W_t)\le\epsilon;\qquad s^\ast=\max(0,2\epsilon-1)\ \text{minimises}\ "
    r"\frac{(1-s)^4}{(\epsilon-s)^2}"
)


@dataclass(frozen=True, kw_only=True)
class EndToEnd(Theorem):
    """E6: the hypotheses of E4 and of a convergence theorem, less those about W_*, which E4 provides."""

    @property
    def kind(self) -> Kind:
        return Kind.GUARANTEE

    @property
    def assumptions(self) -> tuple[str, ...]:
        return (
            "the hypotheses of E4",
            "the hypotheses of the convergence theorem, apart from those about W_*, which is W^c",
            "perturbation sets of different labels are disjoint",
        )

    def hypotheses(
        self, existence: Iterable[Hypothesis], convergence: Iterable[Hypothesis], *, confidence: sympy.Expr | None
    ) -> tuple[Hypothesis, ...]:
        """The hypotheses of both theorems; `confidence` is that of E4 a priori, None for a certified network."""
        return tuple(self._hypotheses(tuple(existence), tuple(convergence), confidence))

    def _hypotheses(
        self, existence: tuple[Hypothesis, ...], convergence: tuple[Hypothesis, ...], confidence: sympy.Expr | None
    ) -> Iterator[Hypothesis]:
        seen = {item.text for item in existence}
        yield from existence
        chance = "" if confidence is None else f" with probability at least {confidence} over W_0"
        for item in convergence:
            if _COMPARATOR in item.text:
                yield Hypothesis(item.text, True, f"W_* is W^c, by {E4.id}{chance}")
            elif item.text not in seen:
                yield item


E6 = EndToEnd(
    id="E6",
    title="end to end",
    source="the project's theory, section 6",
    statement=_STATEMENT,
    latex=_LATEX,
    needs=("f", "||c||_1", "delta", "n", "d", "epsilon"),
)


def optimal_slack(target_epsilon: Number, *, tied: bool = False) -> sympy.Expr:
    """The slack s of least width for the hinge loss, for E1 and E7, or for E2 if `tied`.

    Raises InvalidInput unless 0 < epsilon < 1: at epsilon = 1 the network need not be trained.
    """
    try:
        level = between_zero_and_one(target_epsilon, name="epsilon")
    except InvalidInput as error:
        raise InvalidInput(f"{error} (the initial network has the hinge loss 1)") from None
    return (OPTIMAL_TIED_SLACK if tied else OPTIMAL_SLACK).xreplace({epsilon: level})
