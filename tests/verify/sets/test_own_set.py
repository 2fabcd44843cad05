"""A perturbation set of one's own, from scratch: features that move along one known direction (a lighting change)."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest

from robustntk.bounds import Verdict, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.certificates.per_cap import network_bounds
from robustntk.verify.data import embed, load_data
from robustntk.verify.planning.comparator import FiniteWidthSpace, find_comparator
from robustntk.verify.planning.minimum_norm import describe_radius, radius_interval
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.protocol_check import check_perturbation_set
from robustntk.verify.training.projected_descent import train


@dataclass(frozen=True)
class Segment:
    """All rows ``u + s v`` with ``|s| <= reach``, for one direction v of length 1."""

    direction: tuple[float, ...]
    reach: float

    @property
    def space(self) -> Literal["features"]:
        return "features"

    def embed(self, points: Any, *, xp: Any = np) -> Any:
        unit = points / xp.sqrt(xp.sum(points**2, axis=-1, keepdims=True))
        return xp.concatenate([np.sqrt(0.75).astype(unit.dtype) * unit, xp.full_like(unit[..., :1], 0.5)], axis=-1)

    def project(self, points: Any, centers: Any, *, xp: Any = np) -> Any:
        v = xp.asarray(self.direction, dtype=points.dtype)
        along = xp.clip((points - centers) @ v, -self.reach, self.reach)
        return centers + along[..., None] * v

    def move(self, points: Any, directions: Any, fraction: Any, *, xp: Any = np) -> Any:
        v = xp.asarray(self.direction, dtype=points.dtype)
        return points + fraction * self.reach * xp.sign(directions @ v)[..., None] * v

    def sample(self, centers: Any, count: int, rng: np.random.Generator, *, part: Literal["cap", "rim"] = "cap") -> Any:
        lengths = rng.uniform(-self.reach, self.reach, (count, len(centers), 1))
        return centers + (np.sign(lengths) * self.reach if part == "rim" else lengths) * np.array(self.direction)

    def contains(self, points: Any, centers: Any, *, tolerance: float = 1e-9) -> Any:
        return np.linalg.norm(points - self.project(points, centers), axis=-1) <= tolerance

    def enclosing_caps(self, centers: Any) -> Any:
        """The angle is largest at an end of the segment, since points of bounded angle form a convex cone."""
        embedded = self.embed(centers)
        ends = [self.embed(centers + sign * self.reach * np.array(self.direction)) for sign in (-1.0, 1.0)]
        chords = np.max([np.linalg.norm(end - embedded, axis=1) for end in ends], axis=0)
        return embedded, tuple(SphericalCap(float(chord) * (1 + 1e-12) + 1e-14) for chord in chords)


OWN = Segment(tuple(np.ones(64) / 8.0), 4.0)


def test_the_checker_finds_nothing_against_it_but_refutes_caps_that_forget_one_end() -> None:
    features = load_data("digits", classes=("0", "1"), samples=4).features
    assert np.max(np.abs(OWN.embed(features) - embed(features))) < 1e-15
    report = check_perturbation_set(OWN, features, samples=30)
    assert report.refuted == (), str(report)

    class OneEnd(Segment):
        def enclosing_caps(self, centers: Any) -> Any:
            embedded, end = self.embed(centers), self.embed(centers + self.reach * np.array(self.direction))
            return embedded, tuple(SphericalCap(float(each)) for each in np.linalg.norm(end - embedded, axis=1))

    claims = ["enclosing caps hold the embedded set", "samples are contained"]
    faulty = OneEnd(OWN.direction, OWN.reach)
    assert check_perturbation_set(faulty, features, claims=claims).refuted == (claims[0],)


def test_radius_comparator_training_and_certificates_take_it() -> None:
    data, activation = load_data("digits", classes=("0", "1"), samples=6), get_activation("tanh")
    solution = radius_interval(data.features, data.y, OWN, activation=activation)
    assert solution.outcome.verdict is Verdict.PROVED
    assert describe_radius(data, OWN, activation, solution)["perturbation"] == {"kind": "Segment"}
    start = SymmetricInitialisation(400, data.dimension, 0)
    loss = get_loss("hinge")
    comparator = find_comparator(FiniteWidthSpace(start, activation), data.features, data.y, OWN, loss=loss)
    attack = ProjectedGradientAttack(steps=10)
    run = train(
        *(start, activation, loss, data.features, data.y, OWN, attack),
        step_size=0.5,
        iterations=20,
        radius=comparator.radius,
        dtype=np.float64,
    )
    assert run.best_surrogate_loss < 0.9
    network = TwoLayerNetwork(run.best_weights, start.signs, activation)
    lower = network_bounds(comparator.moves, activation, data.features, data.y, OWN).lower
    moved = TwoLayerNetwork(start.weights + comparator.moves.displacement, start.signs, activation)
    assert np.all(attack.minimize_margin(moved, data.features, data.y, OWN)[1] >= lower)
    assert np.all(network.predict(run.best_points) * data.y <= network.predict(data.X) * data.y + 1e-3)


@pytest.mark.parametrize("reach", [4.0, 8.0])
def test_its_caps_are_those_of_the_ends(reach: float) -> None:
    features = load_data("digits", classes=("0", "1"), samples=4).features
    points, caps = Segment(OWN.direction, reach).enclosing_caps(features)
    samples = Segment(OWN.direction, reach).sample(features, 500, np.random.default_rng(0), part="rim")
    chords = np.linalg.norm(OWN.embed(samples) - points, axis=-1).max(axis=0)
    np.testing.assert_allclose(chords, [cap.delta for cap in caps], rtol=1e-9)
