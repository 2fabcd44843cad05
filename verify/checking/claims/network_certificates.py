"""Certificates of finite networks on a cap, method by method: theory E4.c, "Certificates for networks"."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...certificates.certify import certify
from ...certificates.evaluation_error import evaluation_error
from ...certificates.network import certify_network
from ...predictors import LinearisedNetwork
from ..claim import UNIT, Claim, Sides, claim
from ..network_case import NetworkCase
from ..strategies import network_cases


def _points(case: NetworkCase) -> np.ndarray:
    """Points of the cap where the network may be least or greatest: the rim, the slope's ways, the centre."""
    centre, cap = case.point[None], case.cap
    rng = np.random.default_rng([case.seed, 20])
    slope = case.network.input_gradient(centre)
    ways = [np.asarray(cap.move(centre, sign * slope, share)) for sign in (1.0, -1.0) for share in (1.0, 0.3)]
    return np.concatenate(
        [centre, *ways, cap.sample(centre, 16, rng, part="rim")[:, 0], cap.sample(centre, 4, rng)[:, 0]]
    )


def _drop(method: str, case: NetworkCase) -> Sides:
    """How far s f falls on the cap, at points and by one method, for both signs s."""
    points = _points(case)
    values = case.network.predict(points)
    rounding = 2.0 * float(np.max(evaluation_error(case.network, points)))
    found, bound = [], []
    for sign in (1.0, -1.0):
        certified = certify(
            case.network, case.point[None], np.array([sign]), case.cap, initial=case.initial, methods=[method]
        )
        found.append(float(sign * values[0] - np.min(sign * values)))
        bound.append(float(sign * values[0] - certified.lower[0]))
    return Sides(found, bound, rounding)


def _remainder(case: NetworkCase) -> Sides:
    """``|f - g|`` on the cap, g the linearisation at W_0."""
    points = _points(case)
    linear = LinearisedNetwork(case.initial, case.others - case.initial, case.signs, case.sigma)
    found = np.abs(case.network.predict(points) - linear.predict(points))
    bounds = certify_network(case.moves, case.sigma, case.point[None], np.ones(1), case.cap)
    size = float(np.max(np.abs(linear.predict(points)))) + 1.0
    rounding = 4.0 * float(np.max(evaluation_error(case.network, points))) + 64.0 * case.width * UNIT * size
    return Sides(found, float(bounds.remainder[0]), rounding)


def _claim(method: str) -> Claim:
    statement = f"|f(x) - min f| and |f(x) - max f| on the cap are at most what the method {method!r} gives"
    return Claim(f"E4.c/{method}", statement, partial(network_cases, largest_angle=1.2), partial(_drop, method))


CLAIMS = (
    _claim("linearised"),
    _claim("touching"),
    claim(
        "E4.c/remainder",
        "|f - g| <= the smaller of beta/sqrt(m) (tau^2 + chi^2) and the pairs' remainders on the cap",
        partial(network_cases, largest_angle=1.2),
    )(_remainder),
)
