"""The checker passes every set of the library and refutes a faulty one of each kind."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput
from robustntk.bounds.outcome import Verdict
from robustntk.verify.data import load_data
from robustntk.verify.sets.block import Block
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.pixel_ball import PixelBall
from robustntk.verify.sets.product_set import ProductSet
from robustntk.verify.sets.protocol import PerturbationSet
from robustntk.verify.sets.protocol_check import CLAIMS, check_perturbation_set

SETS: dict[str, PerturbationSet] = {
    "cap": SphericalCap(0.1),
    "cap of the whole sphere": SphericalCap(0.1, None),
    "l2": PixelBall(1.0, "l2", low=0.0, high=16.0),
    "l2 without bias": PixelBall(1.0, "l2", None),
    "linf": PixelBall(0.5, low=0.0, high=16.0),
    "product": ProductSet((Block(2.0, "l2", columns=tuple(range(30))), Block(0.5, low=0.0, columns=(30, 35, 36)))),
}


def centers_of(perturbations: Any, samples: int = 4) -> np.ndarray:
    return load_data("digits", classes=("0", "1"), samples=samples, bias=perturbations.bias).centers(perturbations)


@pytest.mark.parametrize("kind", SETS)
def test_no_claim_is_refuted_for_the_sets_of_the_library(kind: str) -> None:
    report = check_perturbation_set(SETS[kind], centers_of(SETS[kind]), samples=40)
    assert report.refuted == (), str(report)
    assert tuple(report.claims) == CLAIMS
    assert report.claims["it is hashable"].verdict is Verdict.PROVED
    assert all(outcome["outcome"] in {"proved", "inconclusive"} for outcome in report.to_json().values())


@dataclass(frozen=True)
class Faulty:
    """A sound set with one of its methods replaced; everything else is passed on."""

    sound: Any
    method: str
    replacement: Any

    def __getattr__(self, name: str) -> Any:
        if name == self.method:
            return lambda *args, **options: self.replacement(self.sound, *args, **options)
        return getattr(self.sound, name)


def on_a_smaller_set(sound: PixelBall, points: Any, centers: Any, **options: Any) -> Any:
    return PixelBall(0.95 * sound.radius, sound.norm).project(points, centers, **options)


def on_a_larger_set(sound: PixelBall, points: Any, centers: Any, **options: Any) -> Any:
    return PixelBall(1.01 * sound.radius, sound.norm).project(points, centers, **options)


def clipped_ball(sound: PixelBall, points: Any, centers: Any, **options: Any) -> Any:
    """First into the ball, then into the box: inside, but not nearest."""
    ball = PixelBall(sound.radius, sound.norm).project(points, centers, **options)
    return PixelBall(sound.radius, low=sound.low, high=sound.high).project(ball, centers, **options)


def caps_too_small(sound: Any, centers: Any) -> Any:
    points, caps = sound.enclosing_caps(centers)
    return points, tuple(SphericalCap(0.99 * cap.delta, cap.bias) for cap in caps)


def in_numpy_only(sound: Any, points: Any, centers: Any, *, xp: Any = np) -> Any:
    return sound.project(np.asarray(points), centers)


def not_quite_in_jax(sound: Any, points: Any, centers: Any, *, xp: Any = np) -> Any:
    return sound.project(points, centers, xp=xp) + (0.0 if xp is np else 1e-3)


BALL = PixelBall(1.0, "l2")
BOXED = PixelBall(1.0, "l2", low=0.0, high=16.0)
BOX = PixelBall(0.5, low=0.0, high=16.0)
FAULTS: dict[str, tuple[Faulty, str]] = {
    "projection on a smaller set": (Faulty(BALL, "project", on_a_smaller_set), "projections are nearest"),
    "projection on a larger set": (Faulty(BALL, "project", on_a_larger_set), "projections are contained"),
    "ball, then box": (Faulty(BOXED, "project", clipped_ball), "projections are nearest"),
    "a constant projection": (
        Faulty(BALL, "project", lambda s, p, c, **o: c + 0.0 * p),
        "projection leaves contained points",
    ),
    "NaN": (Faulty(BALL, "project", lambda s, p, c, **o: np.nan * p), "projections are contained"),
    "caps of a ball too small": (
        Faulty(BALL, "enclosing_caps", caps_too_small),
        "enclosing caps hold the embedded set",
    ),
    "caps of a box too small": (Faulty(BOX, "enclosing_caps", caps_too_small), "enclosing caps hold the embedded set"),
    "samples outside": (
        Faulty(BALL, "sample", lambda s, c, n, rng, part="cap": 1.001 * s.sample(c, n, rng, part="rim")),
        "samples are contained",
    ),
    "empty sets": (
        Faulty(BALL, "contains", lambda s, p, c, tolerance=0.0: np.zeros(len(p), bool)),
        "centres are contained",
    ),
    "downhill": (Faulty(BALL, "move", lambda s, p, d, f, xp=np: s.move(p, -d, f, xp=xp)), "moves go uphill"),
    "no moves": (Faulty(BALL, "move", lambda s, p, d, f, xp=np: p), "moves go uphill"),
    "off the sphere": (
        Faulty(BALL, "embed", lambda s, p, xp=np: 1.001 * s.embed(p, xp=xp)),
        "embedded points lie on the sphere",
    ),
    "NumPy only": (Faulty(BALL, "project", in_numpy_only), "JAX agrees in float64"),
    "another set in JAX": (Faulty(BALL, "project", not_quite_in_jax), "JAX agrees in float64"),
    "float64 only": (
        Faulty(BALL, "embed", lambda s, p, xp=np: s.embed(p, xp=xp).astype(xp.float32)),
        "JAX agrees in float64",
    ),
    "not differentiable": (
        Faulty(BALL, "embed", lambda s, p, xp=np: s.embed(p, xp=xp) * xp.sqrt(xp.abs(p[..., :1] * 0.0)) + s.embed(p)),
        "the embedding is differentiable",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_refuted(fault: str) -> None:
    faulty, claim = FAULTS[fault]
    report = check_perturbation_set(faulty, centers_of(BALL), claims=[claim], samples=40)
    assert report.refuted == (claim,), str(report)


def test_a_set_that_cannot_be_hashed_is_refuted() -> None:
    @dataclass
    class Unhashable:
        radius: float

        def __getattr__(self, name: str) -> Any:
            return getattr(BALL, name)

    claims = ["it is hashable", "centres are contained"]
    assert check_perturbation_set(Unhashable(1.0), centers_of(BALL), claims=claims).refuted == ("it is hashable",)


def test_the_counterexample_names_the_row() -> None:
    faulty = Faulty(BALL, "contains", lambda s, p, c, tolerance=0.0: np.arange(len(p)) != 2)
    report = check_perturbation_set(faulty, centers_of(BALL), claims=["centres are contained"])
    assert str(report).startswith("centres are contained: refuted at row 2")


def test_the_same_seed_gives_the_same_report() -> None:
    faulty = Faulty(BALL, "project", on_a_smaller_set)
    claims = ["projections are nearest", "projections are contained"]
    first, second, other = (
        check_perturbation_set(faulty, centers_of(BALL), claims=claims, seed=seed) for seed in (3, 3, 4)
    )
    assert str(first) == str(second) != str(other)


def test_what_cannot_be_tried_is_refused() -> None:
    with pytest.raises(InvalidInput, match="centers of shape"):
        check_perturbation_set(BALL, np.zeros((0, 3)))
    with pytest.raises(InvalidInput, match="claim 'it is nice'"):
        check_perturbation_set(BALL, np.ones((1, 3)), claims=["it is nice"])
    with pytest.raises(InvalidInput, match="samples is 0"):
        check_perturbation_set(BALL, np.ones((1, 3)), samples=0)
