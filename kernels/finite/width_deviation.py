"""How far the empirical NTK of width m is from its limit: E||K_m - K|| against m, measured over seeds.

For one hidden layer K_m is a mean of independent terms with expectation K, so that E||K_m - K|| is of the order
1/sqrt(m) for every norm. A deeper network also has a bias, E K_m - K = O(1/m): what is measured here is the distance
from K itself, bias included, and `Deviations.squared_bias` says how much of it that is.

>>> from robustntk.kernels import unit_rows
>>> found = two_layer_deviation("erf", unit_rows([[1.0, 0.0], [0.6, 0.8]]), widths=(64, 256, 1024), seeds=range(20))
>>> found.exponent("operator").contains(-0.5)
True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from ...bounds import Activation, Interval, InvalidInput
from ..architecture import Architecture, fully_connected
from ..deep import deep_kernel
from ..dual import dual_kernel
from ..geometry import unit_rows
from ..gram import gram
from .empirical_ntk import empirical_ntk
from .finite_network import FiniteNetwork
from .finite_width import SymmetricInitialisation, empirical_gram

__all__ = ["Deviations", "Norm", "WidthRow", "kernel_deviation", "two_layer_deviation"]

Norm: TypeAlias = Literal["operator", "frobenius", "largest entry"]
NORMS: tuple[Norm, ...] = ("operator", "frobenius", "largest entry")
_LEAST_SEEDS = 3


@dataclass(frozen=True)
class WidthRow:
    """One line of the table, for one norm: E||K_m - K|| / ||K|| with its standard error, and its product with sqrt(m).

    `bias_share` estimates ||E K_m - K||^2 / E||K_m - K||^2 in the Frobenius norm; without bias, and it has none of its
    own, it is about 0 and may be negative.
    """

    width: int
    mean: float
    standard_error: float
    times_root_width: float
    bias_share: float


@dataclass(frozen=True, eq=False)
class Deviations:
    """||K_m - K|| / ||K|| on n points, for each norm, width and seed; ||K|| in the same norm.

    `relative` has shape (norms, widths, seeds), `reference_norms`, the ||K||, shape (norms, widths): they differ
    between widths in the standard parametrisation only, where the kernel grows with the width. `squared_bias` is an
    unbiased estimate of ||E K_m - K||_F^2 / ||K||_F^2 for each width. A seed draws networks of all widths, which
    need not be independent of each other; different seeds are.
    """

    label: str
    points: int
    dimension: int
    widths: tuple[int, ...]
    seeds: tuple[int, ...]
    relative: Float[np.ndarray, "norms widths seeds"]
    reference_norms: Float[np.ndarray, "norms widths"]
    squared_bias: Float[np.ndarray, " widths"]

    def rows(self, norm: Norm = "operator") -> tuple[WidthRow, ...]:
        """The table for one norm, one line a width."""
        frobenius = self.relative[NORMS.index("frobenius")]
        shares = self.squared_bias / np.mean(frobenius**2, axis=1)
        found = []
        for width, values, share in zip(self.widths, self._of(norm), shares, strict=True):
            mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
            found.append(WidthRow(width, mean, error, mean * float(np.sqrt(width)), float(share)))
        return tuple(found)

    def exponent(self, norm: Norm = "operator", *, confidence: float = 0.95) -> Interval:
        """The slope of log E||K_m - K|| over log m by least squares, predicted -1/2, with a confidence interval.

        The interval is the jackknife's over seeds: the standard error of the slope from leaving out one seed at a
        time, times Student's quantile for one degree of freedom less than there are seeds. It is asymptotic in their
        number, not a proved bound, and it does not know what the slope would be at other widths. Raises InvalidInput
        for an unknown norm or a confidence outside (0, 1).
        """
        if not 0 < confidence < 1:
            raise InvalidInput(f"confidence is {confidence}: expected a number strictly between 0 and 1")
        from scipy.stats import t

        values = self._of(norm)
        count = values.shape[1]
        slope = float(_slopes(self.widths, values.mean(axis=1)))
        left_out = _slopes(self.widths, (values.sum(axis=1, keepdims=True) - values) / (count - 1))
        error = np.sqrt((count - 1) * np.mean((left_out - left_out.mean()) ** 2))
        half = float(t.ppf((1 + confidence) / 2, count - 1) * error)
        return Interval(slope - half, slope, slope + half)

    def to_json(self) -> dict[str, Any]:
        """Plain data: every measured number, and for each norm its table and exponent."""
        return {
            "label": self.label,
            "points": self.points,
            "dimension": self.dimension,
            "widths": list(self.widths),
            "seeds": list(self.seeds),
            "squared_bias": self.squared_bias.tolist(),
            "norms": {
                norm: {
                    "relative": self.relative[index].tolist(),
                    "reference": self.reference_norms[index].tolist(),
                    "mean": [row.mean for row in self.rows(norm)],
                    "standard_error": [row.standard_error for row in self.rows(norm)],
                    "exponent": self.exponent(norm).to_json(),
                }
                for index, norm in enumerate(NORMS)
            },
        }

    def _of(self, norm: Norm) -> Float[np.ndarray, "widths seeds"]:
        if norm not in NORMS:
            raise InvalidInput(f"norm is {norm!r}: expected {', '.join(NORMS)}")
        values: Float[np.ndarray, "widths seeds"] = self.relative[NORMS.index(norm)]
        return values


def kernel_deviation(
    architecture: Architecture,
    X: Float[np.ndarray, "n d"],
    *,
    widths: Sequence[int],
    seeds: Sequence[int] = range(16),
    dtype: Any = np.float64,
) -> Deviations:
    """The deviation of `empirical_ntk` at freshly drawn parameters from `deep_kernel`, all hidden widths equal to m.

    In the standard parametrisation the width of the architecture is replaced by each m in turn. Networks are computed
    in `dtype`, differences in float64. Raises InvalidInput for points that are not unit vectors, widths that are not
    positive, fewer than two different ones, or fewer than three different seeds.
    """

    X = unit_rows(X)

    def of_width(width: int) -> Architecture:
        return architecture if architecture.width is None else replace(architecture, width=width)

    def sample(width: int, seed: int) -> Float[np.ndarray, "n n"]:
        network = FiniteNetwork.initialise(of_width(width), X.shape[1], width, seed=seed, dtype=dtype)
        return empirical_ntk(network, X).astype(np.float64)

    label = architecture.label.removesuffix(f" at width {architecture.width}")
    return _measured(label, X, lambda m: gram(deep_kernel(of_width(m)), X), sample, widths, seeds)


def two_layer_deviation(
    activation: Activation | str,
    X: Float[np.ndarray, "n d"],
    *,
    widths: Sequence[int],
    seeds: Sequence[int] = range(16),
) -> Deviations:
    """The deviation of K_m at the symmetric initialisation (theory E4.a; the readout is +-1) from its limit K.

    m counts both members of a pair, so that K_m is a mean of m/2 independent terms. Raises InvalidInput as
    `kernel_deviation` does, and for odd widths.
    """
    X = unit_rows(X)

    def sample(width: int, seed: int) -> Float[np.ndarray, "n n"]:
        return empirical_gram(SymmetricInitialisation(width, X.shape[1], seed), activation, X)

    label = f"{fully_connected(activation, trained='first').label}; symmetric initialisation"
    return _measured(label, X, lambda _: gram(dual_kernel(activation), X), sample, widths, seeds)


def _measured(
    label: str,
    X: Float[np.ndarray, "n d"],
    limit: Callable[[int], Float[np.ndarray, "n n"]],
    sample: Callable[[int, int], Float[np.ndarray, "n n"]],
    widths: Sequence[int],
    seeds: Sequence[int],
) -> Deviations:
    widths, seeds = _distinct(widths, "widths", 2), _distinct(seeds, "seeds", _LEAST_SEEDS)
    if min(widths) < 1:
        raise InvalidInput(f"widths are {widths}: expected positive integers")
    relative = np.empty((len(NORMS), len(widths), len(seeds)))
    references = np.empty((len(NORMS), len(widths)))
    squared_bias = np.empty(len(widths))
    for row, width in enumerate(widths):
        K = limit(width)
        references[:, row] = _norms(K)
        total = np.zeros_like(K)
        for column, seed in enumerate(seeds):
            difference = sample(width, seed) - K
            relative[:, row, column] = _norms(difference) / references[:, row]
            total += difference
        squared_bias[row] = _squared_mean(total, relative[1, row] * references[1, row]) / references[1, row] ** 2
    return Deviations(label, len(X), X.shape[1], widths, seeds, relative, references, squared_bias)


def _squared_mean(total: Float[np.ndarray, "n n"], norms: Float[np.ndarray, " seeds"]) -> float:
    """Unbiased estimate of ||E D||_F^2 from the sum of S independent D and their norms: the pairs of different D."""
    count = len(norms)
    return float((np.sum(total**2) - np.sum(norms**2)) / (count * (count - 1)))


def _norms(symmetric: Float[np.ndarray, "n n"]) -> Float[np.ndarray, " norms"]:
    """In the order of NORMS."""
    operator = np.abs(np.linalg.eigvalsh(symmetric)).max()
    return np.array([operator, np.linalg.norm(symmetric), np.abs(symmetric).max()])


def _slopes(widths: Sequence[int], means: Float[np.ndarray, "m ..."]) -> Float[np.ndarray, "*rest"]:
    """Least squares of log(mean) over log(width)."""
    x = np.log(widths) - np.log(widths).mean()
    slopes: Float[np.ndarray, "*rest"] = np.tensordot(x / (x @ x), np.log(means), 1)
    return slopes


def _distinct(numbers: Sequence[int], name: str, least: int) -> tuple[int, ...]:
    found = tuple(int(number) for number in numbers)
    if len(set(found)) != len(found) or len(found) < least:
        raise InvalidInput(f"{name} are {found}: expected at least {least} different ones")
    return found
