"""Signs that an attack failed rather than the predictor held: the flags of AutoAttack, for margins.

AutoAttack warns of zero gradients, of random search that beats the gradients, and of randomised predictors (Croce and
Hein 2020, arXiv:2003.01690; Carlini et al. 2019, arXiv:1902.06705, section 3.2). An attacked loss without a flag is
still only a lower bound of the robust loss; one with a flag may be far below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ..predictors import Evaluator, Predictor
from ..sets.protocol import PerturbationSet
from .auto_projected_gradient import AutoProjectedGradientAttack
from .random_search import RandomSearchAttack
from .search import run_search, values_and_gradients

Array = NDArray[np.float64]
# The share of the last moves in which a finished search finds next to nothing.
_LAST = 0.1


@dataclass(frozen=True)
class Flag:
    """One sign of trouble: its name, and a sentence with the figures."""

    name: str
    sentence: str


@dataclass(frozen=True, eq=False)
class AttackDiagnostics:
    """What speaks against an attack's result; margins are ``y f``, float64, one for each of the n points.

    The *drop* of a point is what the better of the two attacks took from its margin. Differences are compared with it,
    since margins have no scale of their own.

    Attributes:
        clean, by_gradient, by_random_search: margins at the data points, and the lowest that each attack found.
        zero_rows, zero_entries: fraction of gradients at the starting points, and of their entries, that are exactly 0;
            entries that are 0 at every start do not count (pixels that never matter).
        repeat_difference: largest difference of two evaluations of the same points.
        mismatch: largest difference between what the attack saw and `Predictor.predict`, over the mean drop.
        late_gain: what the last tenth of the gradient attack's moves took from the mean margin, over the mean drop.
        tolerance: differences up to this share of the drop raise no flag.
    """

    clean: Float[Array, " n"]
    by_gradient: Float[Array, " n"]
    by_random_search: Float[Array, " n"]
    zero_rows: float
    zero_entries: float
    repeat_difference: float
    mismatch: float
    late_gain: float
    tolerance: float = field(kw_only=True)

    @property
    def drops(self) -> Float[Array, " n"]:
        """What the better attack took from each margin, at least 0."""
        return np.maximum(self.clean - np.minimum(self.by_gradient, self.by_random_search), 0.0)

    @property
    def advantage(self) -> float:
        """How much lower random search got than the gradient attack, over the drop, where it did so most."""
        return float(np.max(_share(self.by_gradient - self.by_random_search, self.drops), initial=0.0))

    @property
    def idle_rows(self) -> float:
        """Fraction of points where the gradient attack takes nothing, or next to nothing of the drop.

        Next to nothing is ``tolerance``: rounding alone moves points a little, and margins with them.
        """
        return float(np.mean(~(self.clean - self.by_gradient > self.tolerance * self.drops)))

    @property
    def flags(self) -> tuple[Flag, ...]:
        """The signs of trouble; none if the attack looks sound."""
        return tuple(self._raised())

    @property
    def trustworthy(self) -> bool:
        """Whether no flag is raised."""
        return not self.flags

    def _raised(self) -> Iterator[Flag]:
        if not self.zero_rows <= 0.0:
            yield Flag(
                "zero gradients",
                f"{self.zero_rows:.1%} of the gradients at the starting points are exactly zero: a gradient attack "
                "cannot move there",
            )
        if not self.advantage <= self.tolerance:
            yield Flag(
                "random search wins",
                f"at one point random search takes {self.advantage:.1%} more of the drop than the gradient attack "
                f"(up to {self.tolerance:.1%} is accepted): gradients are masked, or the gradient attack is stuck",
            )
        if not self.repeat_difference <= 0.0:
            yield Flag(
                "randomised predictor",
                f"two evaluations of the same points differ by up to {self.repeat_difference:.3g}: average over the "
                "randomness before attacking",
            )
        if not self.idle_rows <= 0.0:
            yield Flag(
                "no better than clean",
                f"at {self.idle_rows:.1%} of the points the gradient attack takes next to nothing from the margin",
            )
        if not self.mismatch <= self.tolerance:
            yield Flag(
                "two predictors",
                f"predictions and what the attack saw differ by up to {self.mismatch:.1%} of the mean drop: the attack "
                "works on another function, or on too few digits",
            )
        if not self.late_gain <= self.tolerance:
            yield Flag(
                "unconverged",
                f"the last tenth of the moves still makes {self.late_gain:.1%} of the drop "
                f"(up to {self.tolerance:.1%} is accepted): give the attack more steps",
            )

    def sentences(self) -> tuple[str, ...]:
        """The flags in words, or one sentence that there are none."""
        found = tuple(f"{flag.name.capitalize()}: {flag.sentence}." for flag in self.flags)
        return found or ("No sign that the attack failed: its result is still only a lower bound of the robust loss.",)

    def to_json(self) -> dict[str, Any]:
        """The verdict, the flags and what was measured."""
        return {
            "trustworthy": self.trustworthy,
            "flags": [{"name": flag.name, "sentence": flag.sentence} for flag in self.flags],
            "mean_clean_margin": float(np.mean(self.clean)),
            "mean_margin_by_gradient": float(np.mean(self.by_gradient)),
            "mean_margin_by_random_search": float(np.mean(self.by_random_search)),
            "zero_gradient_rows": self.zero_rows,
            "zero_gradient_entries": self.zero_entries,
            "random_search_advantage": self.advantage,
            "idle_rows": self.idle_rows,
            "repeat_difference": self.repeat_difference,
            "mismatch": self.mismatch,
            "late_gain": self.late_gain,
            "tolerance": self.tolerance,
        }


def diagnose(
    predictor: Predictor,
    X: Float[Array, "n k"],
    y: Float[Array, " n"],
    perturbations: PerturbationSet,
    *,
    gradient_attack: AutoProjectedGradientAttack | None = None,
    random_search: RandomSearchAttack | None = None,
    tolerance: float = 0.05,
) -> AttackDiagnostics:
    """Attack by gradients and at random, and look for signs that the gradients mislead.

    Args:
        predictor: the function under attack.
        X, y: centres in the set's own coordinates, shape (n, k), and labels, shape (n,).
        perturbations: the set B.
        gradient_attack: by default `AutoProjectedGradientAttack()`.
        random_search: by default 1000 queries from each data point.
        tolerance: share of the drop of a margin up to which differences raise no flag.
    """
    attack = gradient_attack or AutoProjectedGradientAttack()
    search = random_search or RandomSearchAttack(queries=1000)
    centers = np.asarray(perturbations.embed(X))
    clean, again = (y * predictor.predict(centers) for _ in range(2))
    found = attack.perturb(predictor, X, y, perturbations)
    margins = y * predictor.predict(found.points)
    at_random = y * predictor.predict(search.perturb(predictor, X, y, perturbations).points)
    values, gradients = _at_starts(attack, predictor, X, y, perturbations)
    values_again, _ = _at_starts(attack, predictor, X, y, perturbations)
    lowest = attack.lowest_margins(predictor, X, y, perturbations).astype(np.float64)
    late, ended = (lowest[:, :, moves].min(axis=0) for moves in (_late(attack.steps), -1))
    mean_drop = float(np.mean(np.maximum(clean - np.minimum(margins, at_random), 0.0)))
    return AttackDiagnostics(
        clean,
        margins,
        at_random,
        zero_rows=float(np.mean(~np.any(gradients, axis=-1))),
        zero_entries=float(np.mean(gradients[..., np.any(gradients, axis=(0, 1))] == 0)) if np.any(gradients) else 1.0,
        repeat_difference=float(max(np.max(np.abs(clean - again)), np.max(np.abs(values - values_again)))),
        mismatch=float(np.max(np.abs(y * found.values - margins))) / mean_drop if mean_drop else 0.0,
        late_gain=float(np.mean(late - ended)) / mean_drop if mean_drop else 0.0,
        tolerance=tolerance,
    )


def _late(steps: int) -> int:
    """The number of moves before the last tenth, of which there is at least one."""
    return min(steps - 1, round(steps * (1 - _LAST)))


def _share(amount: Any, drops: Any) -> Any:
    """``amount / drop``; 0 where there is nothing to share, infinite where the drop is 0 and the amount is not."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(amount == 0, 0.0, amount / np.asarray(drops))


def _at_starts(
    attack: AutoProjectedGradientAttack,
    predictor: Predictor,
    X: Array,
    y: Array,
    perturbations: PerturbationSet,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """f at the attack's starts, shape (s, n), and its gradients in the set's own coordinates, shape (s, n, k)."""
    evaluate = _compiled_gradients(predictor.evaluator(), perturbations)
    values, gradients = run_search(evaluate, predictor, X, y, starts=attack.starts(X, perturbations))
    return values, gradients


@lru_cache(maxsize=64)
def _compiled_gradients(evaluator: Evaluator, perturbations: PerturbationSet) -> Any:
    import jax

    def evaluate(parameters: Any, starts: Any, centers: Any, labels: Any) -> tuple[Any, Any]:
        return partial(values_and_gradients, evaluator, perturbations)(parameters, starts)

    return jax.jit(evaluate)
