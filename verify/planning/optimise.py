"""The narrowest certified plan over activations, scales, theorems and margins, with all others that were found.

Where the loss margin is free, width 2 may do, and candidates only have to be tried at the least width found so far.
Where it is fixed, each candidate's width is first estimated at one drawn kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from ...bounds import Activation, InvalidInput
from ...bounds.progress import Report
from .certified_plan import DrawnPlan, certify
from .draws import WIDEST, Draw, TooWide, fitted_plans, ladder, narrowest_plan
from .goal import Goal
from .minimum_norm import MinimumNormSolution, radius_interval
from .prediction import Prediction, drawn_cost, margin_targets, predictions

# Neurons of the kernel that candidates are compared at, and how far below its estimate a certified width may come out.
_SCREEN = 512
_OPTIMISM = 0.8


@dataclass(frozen=True)
class Search:
    """Certified plans, the narrowest first (of equally wide ones the one of fewest iterations), and what was left out.

    ``estimates`` are conditional plans of candidates that a narrower certified one made superfluous; ``refused`` says
    for each remaining candidate why there is none. ``solution`` is the best activation's infinite-width radius,
    ``free_margin`` whether the loss margin was chosen at each network.
    """

    plans: tuple[DrawnPlan, ...]
    solution: MinimumNormSolution
    free_margin: bool = False
    estimates: tuple[Prediction, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def best(self) -> DrawnPlan:
        """The narrowest."""
        return self.plans[0]

    @property
    def pareto(self) -> tuple[DrawnPlan, ...]:
        """The plans that no other one beats in both width and iterations."""
        kept: list[DrawnPlan] = []
        for each in self.plans:
            if not kept or each.plan.iterations < kept[-1].plan.iterations:
                kept.append(each)
        return tuple(kept)


def search_plans(
    draw: Draw,
    candidates: Iterable[Activation],
    goal: Goal,
    *,
    report: Report | None = None,
    radius_progress: Callable[[int, float], None] | None = None,
) -> Search:
    """Certified plans for every candidate that may be the narrowest.

    Args:
        draw: data, perturbation set and seed.
        candidates: activations, scaled.
        goal: what is wanted.
        report: called with (stage, done, total).
        radius_progress: called with (iteration, attacked margin) while a radius is computed.

    Raises:
        InvalidInput: if no candidate has a certified plan, with the reason for the last.
    """
    listed = list(candidates)
    tell = report or (lambda *_: None)
    state = _State(draw, goal, tell, radius_progress, len(listed))
    if goal.free_margin:
        state.try_at_least_width(listed)
    elif len(listed) == 1:
        state.fit(listed[0])
    else:
        state.fit_by_estimate(listed)
    return state.finish()


@dataclass
class _State:
    """A search under way."""

    draw: Draw
    goal: Goal
    tell: Report
    radius_progress: Callable[[int, float], None] | None
    total: int
    plans: list[DrawnPlan] = field(default_factory=list)
    estimates: list[Prediction] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    refusal: InvalidInput | None = None
    solutions: dict[Activation, MinimumNormSolution] = field(default_factory=dict)

    @property
    def least_width(self) -> int | None:
        return min((each.plan.width for each in self.plans), default=None)

    @contextmanager
    def _refusals(self, candidate: str) -> Iterator[None]:
        """What is refused in the body is remembered as this candidate's reason."""
        try:
            yield
        except InvalidInput as error:
            self.refused[candidate] = str(error)
            self.refusal = error

    def try_at_least_width(self, candidates: list[Activation]) -> None:
        """A free margin: the first candidate climbs until it succeeds, the others must do so at that width."""
        for index, activation in enumerate(candidates):
            self.tell(f"plan: {activation.label}", index, self.total)
            with self._refusals(activation.label):
                self._narrowest(activation)

    def fit_by_estimate(self, candidates: list[Activation]) -> None:
        """A fixed margin: in the order of their estimates, as long as these promise something."""
        estimates = []
        for index, activation in enumerate(candidates):
            self.tell(f"estimate: {activation.label}", index, self.total)
            with self._refusals(activation.label):
                estimates.append(self._estimate(activation))
        for estimate in sorted(estimates, key=lambda each: (each.plan.width, each.plan.iterations)):
            if self.least_width is not None and _OPTIMISM * estimate.plan.width > self.least_width:
                self.estimates.append(estimate)
            else:
                self.fit(estimate.plan.activation)

    def fit(self, activation: Activation) -> None:
        """The a posteriori loop for one candidate."""
        with self._refusals(activation.label):
            solution = self._radius(activation)
            found = fitted_plans(self.draw, activation, self.goal, solution=solution, report=self._line)
            self.plans.extend(found)

    def finish(self) -> Search:
        if not self.plans:
            assert self.refusal is not None
            if self.total == 1:
                raise self.refusal
            kind = TooWide if isinstance(self.refusal, TooWide) else InvalidInput
            raise kind(f"no candidate activation has a plan; the last was refused because {self.refusal}")
        self.plans.sort(key=lambda each: (each.plan.width, each.plan.iterations))
        if self.goal.free_margin:
            self._add_other_theorems(self.plans[0])
        solution = self._radius(self.plans[0].activation)
        return Search(tuple(self.plans), solution, self.goal.free_margin, tuple(self.estimates), self.refused)

    def _narrowest(self, activation: Activation) -> None:
        """At the least width so far, and below it only if that succeeds; the first candidate climbs."""
        if self.least_width is None:
            self._add_narrowest(activation, ladder(min(self.goal.max_width, WIDEST)))
            return
        self._add_narrowest(activation, [self.least_width])
        with suppress(InvalidInput):
            self._add_narrowest(activation, ladder(self.least_width - 1))

    def _add_narrowest(self, activation: Activation, widths: Iterable[int]) -> None:
        self.plans.append(narrowest_plan(self.draw, activation, self.goal, widths=widths, report=self._line))

    def _add_other_theorems(self, best: DrawnPlan) -> None:
        """What the other theorems come to at the best network."""
        move = self.draw.least_move(best.activation, best.plan.width, self.goal)
        for theorem in self.goal.applicable(best.activation):
            if theorem.id != best.plan.theorem:
                with self._refusals(f"{best.activation.label}, theorem {theorem.id}"):
                    self.plans.append(certify(move, self.goal, theorem, draws=best.draws))
        self.plans.sort(key=lambda each: (each.plan.width, each.plan.iterations))

    def _estimate(self, activation: Activation) -> Prediction:
        move = self.draw.least_move(activation, _SCREEN, self.goal)
        targets = margin_targets(
            self.goal, activation, drawn_cost(move), self.draw.X, self.draw.y, self.draw.perturbations
        )
        return predictions(self.goal, activation, targets, least=True, dimension=self.draw.dimension)[0]

    def _radius(self, activation: Activation) -> MinimumNormSolution:
        if activation not in self.solutions:
            X, y, perturbations = self.draw.X, self.draw.y, self.draw.perturbations
            found = radius_interval(X, y, perturbations, activation=activation, progress=self.radius_progress)
            self.solutions[activation] = found
        return self.solutions[activation]

    def _line(self, line: str) -> None:
        self.tell(f"plan: {line}", 0, None)
