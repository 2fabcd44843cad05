"""Hypothesis strategies for everything that the theorems speak of: for the claims of this package, and for your own.

>>> from hypothesis import given
>>> from robustntk.verify.checking import strategies
>>> @given(strategies.network_cases(smooth=True))
... def test_my_certificate(case):
...     assert np.all(my_certificate(case.moves, case.sigma, case.point, case.cap) <= case.network.predict(...))

`activations`, `losses`, `caps`, `perturbation_sets` and `initialisations` draw objects of the library, which Hypothesis
reports as the call that makes them. The others draw *cases*: small frozen descriptions (`NetworkCase`, `DataCase`,
`FunctionCase`, `RunCase`) that build their arrays when asked, print as one line that makes them again, and shrink to
few neurons, few points and round numbers. All mix random examples with those at which the lemmas are nearly
equalities: all of a move in one neuron, moves along x or pushed there by gradient ascent, preactivations where a
derivative is largest, near-duplicates, antipodes, rims.

Hypothesis is imported when a strategy is first built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...bounds import ACTIVATIONS, Activation, InvalidInput, Loss, get_activation, get_loss, hinge, huber, squared_hinge
from ...kernels import SymmetricInitialisation
from ..sets.cap import SphericalCap
from ..sets.pixel_ball import PixelBall
from ..sets.protocol import PerturbationSet
from .data_case import ARRANGEMENTS, FUNCTIONS, DataCase, FunctionCase
from .moves import LEVELS, RANDOM_SHAPES, SHAPES, TIED_SHAPES, Move
from .network_case import NetworkCase

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from .run_case import RunCase

SCALES = ("1", "1/2", "2")


def require_hypothesis() -> Any:
    """The module `hypothesis.strategies`.

    Raises:
        InvalidInput: Hypothesis is not installed.
    """
    try:
        from hypothesis import strategies
    except ImportError:
        raise InvalidInput("hypothesis is not installed: run pip install hypothesis") from None
    return strategies


def activation_names(*, smooth: bool = False, bounded: bool = False) -> tuple[str, ...]:
    """Activations of the table with a Lipschitz sigma'; ``smooth``: sigma'' too; ``bounded``: a finite B_1 too."""
    rows = [row for row in ACTIVATIONS.values() if row.derivative_lipschitz is not None]
    rows = [row for row in rows if not (smooth and row.curvature_lipschitz is None)]
    return tuple(row.name for row in rows if not (bounded and row.derivative_bound is None))


def activations(*, smooth: bool = False, bounded: bool = False) -> SearchStrategy[Activation]:
    """Activations of the table (see `activation_names`) with the scales of `SCALES`."""
    st = require_hypothesis()
    names = activation_names(smooth=smooth, bounded=bounded)
    return st.builds(get_activation, st.sampled_from(names), st.sampled_from([1, "1/2", 2]))  # type: ignore[no-any-return]


def losses(*, lipschitz: bool = False, smooth: bool = False, zero_at_label: bool = False) -> SearchStrategy[Loss]:
    """Losses of the table, hinge losses of several margins and Huber losses; with the constants asked for."""
    st = require_hypothesis()
    margins = st.sampled_from([1, "1/2", "1/10"])
    named = st.builds(get_loss, st.sampled_from(["absolute", "logistic"]))
    any_loss = st.one_of(
        st.builds(hinge, margins),
        st.builds(squared_hinge, margins),
        st.builds(huber, st.sampled_from([1, "1/2", 3])),
        named,
    )

    def suits(loss: Loss) -> bool:
        wanted = (not lipschitz or loss.lipschitz is not None) and (not smooth or loss.smoothness is not None)
        return wanted and (loss.zero_at_label or not zero_at_label)

    return any_loss.filter(suits)  # type: ignore[no-any-return]


def dimensions(least: int = 3, largest: int = 12) -> SearchStrategy[int]:
    """Dimensions d of the inputs, the bias coordinate included; mostly small ones."""
    st = require_hypothesis()
    return st.integers(least, largest)  # type: ignore[no-any-return]


def biases() -> SearchStrategy[float]:
    """The bias b in [0, 1)."""
    st = require_hypothesis()
    return st.one_of(st.sampled_from([0.5, 0.0]), st.floats(0.0, 0.95))  # type: ignore[no-any-return]


def angles(largest: float = 1.5) -> SearchStrategy[float]:
    """Polar angles of caps."""
    st = require_hypothesis()
    return st.one_of(st.sampled_from([0.1, 0.01, 1e-3]), st.floats(1e-3, largest))  # type: ignore[no-any-return]


def caps() -> SearchStrategy[SphericalCap]:
    """Spherical caps with any bias, up to nearly the whole sphere."""
    st = require_hypothesis()
    return st.builds(_cap, biases(), st.floats(1e-3, 0.99))  # type: ignore[no-any-return]


def _cap(bias: float, share: float) -> SphericalCap:
    """The cap of a chord that is a share of the sphere's diameter."""
    return SphericalCap(share * 2.0 * float(np.sqrt(1.0 - bias**2)), bias)


def perturbation_sets() -> SearchStrategy[PerturbationSet]:
    """Caps, and pixel balls for rows of features with entries of order 1; see `PerturbationSet.space`."""
    st = require_hypothesis()
    radii, norms = st.floats(1e-3, 0.1), st.sampled_from(["linf", "l2"])
    balls = st.builds(PixelBall, radii, norms, st.sampled_from([0.5, 0.0, None]))
    return st.one_of(caps(), balls)  # type: ignore[no-any-return]


def seeds() -> SearchStrategy[int]:
    """Seeds of the random parts of a case."""
    st = require_hypothesis()
    return st.integers(0, 2**16)  # type: ignore[no-any-return]


def data_cases(
    *,
    samples: tuple[int, int] = (1, 6),
    dimension: tuple[int, int] = (3, 8),
    largest_angle: float = 1.5,
    arrangements: Sequence[str] = ARRANGEMENTS,
) -> SearchStrategy[DataCase]:
    """Labelled points of ``S_b`` with a cap: random, nearly equal, nearly antipodal, on a circle."""
    st = require_hypothesis()
    return st.builds(  # type: ignore[no-any-return]
        DataCase,
        samples=st.integers(*samples),
        dimension=dimensions(*dimension),
        bias=biases(),
        angle=angles(largest_angle),
        arrangement=st.sampled_from(arrangements),
        gap=st.one_of(st.sampled_from([0.1, 1e-6, 1e-12, 0.0]), st.floats(0.0, 3.0)),
        seed=seeds(),
    )


def function_cases(
    *, names: Sequence[str] | None = None, largest_angle: float = 1.5, functions: Sequence[str] = FUNCTIONS
) -> SearchStrategy[FunctionCase]:
    """Kernel functions with a cap; among them those at which the certificates of theory E4.c are equalities."""
    st = require_hypothesis()
    return st.builds(  # type: ignore[no-any-return]
        FunctionCase,
        activation=st.sampled_from(names or activation_names()),
        scale=st.sampled_from(["1", "2"]),
        data=data_cases(largest_angle=largest_angle),
        function=st.sampled_from(functions),
        tilt=st.one_of(st.sampled_from([1.0, 0.0, -1.0]), st.floats(-2.0, 2.0)),
        sign=st.sampled_from([1, -1]),
    )


def initialisations(*, largest_width: int = 64, dimension: tuple[int, int] = (3, 12)) -> SearchStrategy[Any]:
    """Symmetric Gaussian initialisations."""
    st = require_hypothesis()
    widths = st.integers(1, largest_width // 2).map(lambda pairs: 2 * pairs)
    return st.builds(SymmetricInitialisation, widths, dimensions(*dimension), seeds())  # type: ignore[no-any-return]


def moves(*, shapes: Sequence[str] = SHAPES, extremal: bool = False) -> SearchStrategy[Move]:
    """Displacements inside B(R): on its boundary, at its centre and in between, in random and adversarial directions.

    ``extremal`` ones are on the boundary, and not random.
    """
    st = require_hypothesis()
    shapes = [shape for shape in shapes if not (extremal and shape in RANDOM_SHAPES)]
    sizes = st.sampled_from([1.0, -1.0] if extremal else [1.0, -1.0, 0.0, 0.99, 0.9])
    sizes = sizes if extremal else st.one_of(sizes, st.floats(-1.0, 1.0))
    return st.builds(Move, shape=st.sampled_from(shapes), size=sizes, seed=st.just(0) if extremal else seeds())  # type: ignore[no-any-return]


def move_pairs(*, tied: bool = False, extremal: bool = False) -> SearchStrategy[tuple[Move, Move]]:
    """Two points of B(R): independent ones, opposite ones, and two that are close to each other."""
    st = require_hypothesis()
    single = moves(shapes=TIED_SHAPES if tied else SHAPES, extremal=extremal)
    related = st.builds(_relative, single, st.sampled_from([-1.0, 0.9, 0.0]))
    return related if extremal else st.one_of(st.tuples(single, single), related)  # type: ignore[no-any-return]


def _relative(move: Move, factor: float) -> tuple[Move, Move]:
    """The move, and a multiple of it."""
    return replace(move, size=factor * move.size), move


def tied_moves() -> SearchStrategy[Move]:
    """Antisymmetric displacements of mirrored pairs, as in theory E2."""
    return moves(shapes=TIED_SHAPES)


def network_cases(
    *,
    smooth: bool = False,
    bounded: bool = False,
    tied: bool = False,
    largest_pairs: int = 8,
    largest_angle: float = 1.5,
    levels: Sequence[str] = (*LEVELS, "gaussian"),
) -> SearchStrategy[NetworkCase]:
    """Networks near a symmetric initialisation with two points of the ball, random and adversarial."""
    st = require_hypothesis()
    # Strategies are made once, not for every example: that would take longer than most claims.
    common = {
        "activation": st.sampled_from(activation_names(smooth=smooth, bounded=bounded)),
        "scale": st.sampled_from(SCALES),
        "pairs": st.integers(1, largest_pairs),
        "dimension": dimensions(3, 8),
        "bias": biases(),
        "angle": angles(largest_angle),
        "seed": seeds(),
    }
    extremal = st.builds(
        _network,
        move_pairs(tied=tied, extremal=True),
        level=st.sampled_from(LEVELS),
        radius=st.sampled_from([1.0, 0.3, 0.1]),
        **common,
    )
    any_network = st.builds(
        _network,
        move_pairs(tied=tied),
        level=st.one_of(st.sampled_from(levels), st.floats(-4.0, 4.0)),
        spread=st.sampled_from([0.0, 0.1, 1.0]),
        radius=st.sampled_from([1.0, 0.3, 0.1, 3.0]),
        ascent=st.sampled_from([0, 0, 1, 5]),
        **common,
    )
    return st.one_of(extremal, any_network)  # type: ignore[no-any-return]


def _network(moves: tuple[Move, Move], **described: Any) -> NetworkCase:
    return NetworkCase(first=moves[0], second=moves[1], **described)


def run_cases(**options: Any) -> SearchStrategy[RunCase]:
    """Small adversarial training runs: see `run_case.run_cases`."""
    from .run_case import run_cases as strategy

    return strategy(**options)
