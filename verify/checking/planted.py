"""Wrong certificates, made on purpose: a test of certificates that does not notice them is worth nothing.

Each fault is a context manager that gives a certifier for `soundness.probe_certificates`. Some change an argument, some
put a wrong formula into the certificates themselves for the time being.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from ...kernels import numeric
from ..certificates import kernel, network
from ..predictors import TwoLayerNetwork
from ..sets.cap import SphericalCap
from ..sets.pixel_ball import PixelBall
from .soundness import Certifier, certified
from .subjects import Subject

Array = NDArray[np.float64]


@contextmanager
def raised_by_a_thousandth() -> Iterator[Certifier]:
    """Every certificate plus 1e-3 of the absolute value of the function at the centre."""

    def certifier(subject: Subject) -> Mapping[str, Array]:
        centers = np.asarray(subject.perturbations.embed(subject.centers))
        extra = 1e-3 * np.abs(subject.function.predict(centers))
        return {method: lower + extra for method, lower in certified(subject).items()}

    yield certifier


@contextmanager
def smaller_sets() -> Iterator[Certifier]:
    """Certificates for perturbation sets that are 3 per cent too small."""

    def certifier(subject: Subject) -> Mapping[str, Array]:
        sets: Any = subject.perturbations
        if isinstance(sets, SphericalCap):
            return certified(replace(subject, perturbations=replace(sets, delta=0.97 * sets.delta)))
        assert isinstance(sets, PixelBall) and isinstance(sets.radius, float)
        return certified(replace(subject, perturbations=replace(sets, radius=0.97 * float(sets.radius))))

    yield certifier


@contextmanager
def wrong_labels() -> Iterator[Certifier]:
    """Certificates of ``-s f``."""
    yield lambda subject: certified(replace(subject, signs=-subject.signs))


@contextmanager
def halved_gamma() -> Iterator[Certifier]:
    """sigma'' is taken to be half as steep as it is."""

    def certifier(subject: Subject) -> Mapping[str, Array]:
        function = subject.function
        gamma = function.activation.curvature_lipschitz if isinstance(function, TwoLayerNetwork) else None
        if gamma is None or not isinstance(function, TwoLayerNetwork):
            return certified(subject)
        activation = replace(function.activation, curvature_lipschitz=gamma / 2)
        return certified(replace(subject, function=TwoLayerNetwork(function.weights, function.signs, activation)))

    yield certifier


@contextmanager
def no_remainder() -> Iterator[Certifier]:
    """The network is taken for its linearisation."""
    with patch.object(network, "_remainder", lambda center: 0.0):
        yield certified


@contextmanager
def flipped_curvature() -> Iterator[Certifier]:
    """sigma'' with the wrong sign in the linear part of the network certificate."""

    def wrong(activation: Any, order: int = 0, xp: Any = np) -> Any:
        right = numeric(activation, order, xp)
        return (lambda z: -right(z)) if order == 2 else right

    with patch.object(network, "numeric", wrong):
        yield certified


@contextmanager
def wrong_end() -> Iterator[Certifier]:
    """Order 2 with its Taylor quotients at the other end of the range."""
    right = kernel._Terms._safe_curvature

    def wrong(terms: Any, *arguments: Any) -> Array:
        return right(replace(terms, weights=-terms.weights), *arguments)

    with patch.object(kernel._Terms, "_safe_curvature", wrong):
        yield certified


FAULTS: Mapping[str, Callable[[], AbstractContextManager[Certifier]]] = {
    "certificate + 1e-3 |f(x)|": raised_by_a_thousandth,
    "sets 3 per cent too small": smaller_sets,
    "remainder dropped": no_remainder,
    "gamma halved": halved_gamma,
    "curvature with the wrong sign": flipped_curvature,
    "labels with the wrong sign": wrong_labels,
    "Taylor quotient at the wrong end": wrong_end,
}
