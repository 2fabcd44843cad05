"""A kernel expansion that grows by one centre for every adversarial point, and keeps those that say something new.

A point that an adversary finds for x_i is close to those that it found before. The new term ``c K(., z)`` is written in
the terms of x_i that are there, ``K(., z) = sum_j a_j K(., z_j) + rest`` with the least rest (approximate linear
dependence; Engel, Mannor and Meir 2004, IEEE Transactions on Signal Processing 52, section III), if ``|rest|_H`` is at
most a tolerance; else z becomes a centre. What is lost, ``sum |c| |rest|_H``, bounds the distance in the kernel's space
of the function that is kept from the one that was to be represented.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...kernels import DualKernel
from ..predictors import KernelPredictor, kernel_values

Array = NDArray[np.float64]
_UNIT = float(np.finfo(np.float64).eps) / 2.0


@dataclass
class _Dictionary:
    """The centres of one data point: their places in the expansion, their Gram matrix and its Cholesky factor."""

    places: list[int] = field(default_factory=list)
    gram: Array = field(default_factory=lambda: np.zeros((0, 0)))
    factor: Array = field(default_factory=lambda: np.zeros((0, 0)))

    def combination(self, row: Array, diagonal: float) -> tuple[Array, float]:
        """Weights ``a`` of the best combination of the terms, and an upper bound of the norm of the rest.

        Args:
            row: ``K(z, z_j)``; diagonal: ``K(z, z)``.
        """
        from scipy.linalg import cho_solve

        weights = cho_solve((self.factor, True), row, check_finite=False)
        image = self.gram @ weights
        squared = diagonal - 2.0 * row @ weights + weights @ image
        # The squared norm is evaluated for the very weights that are used, whatever the solver made of them.
        size = np.abs(weights)
        rounding = 4.0 * (len(row) + 4) * _UNIT * (diagonal + 2.0 * np.abs(row) @ size + size @ (self.gram @ size))
        return weights, float(np.sqrt(max(squared, 0.0) + rounding))

    def append(self, place: int, row: Array, diagonal: float) -> None:
        """One more centre, which is not a combination of the others."""
        from scipy.linalg import solve_triangular

        count = len(self.places)
        last = solve_triangular(self.factor, row, lower=True, check_finite=False) if count else row
        pivot = np.sqrt(max(diagonal - last @ last, _UNIT * diagonal))
        self.gram = np.block([[self.gram, row[:, None]], [row[None, :], np.array([[diagonal]])]])
        self.factor = np.block([[self.factor, np.zeros((count, 1))], [last[None, :], np.array([[pivot]])]])
        self.places.append(place)


class Expansion:
    """``f = sum_j c_j K(., z_j)`` with its squared norm; arrays double when they are full.

    Args:
        kernel: the dual function of K.
        dimension: of the sphere that the centres lie on.
        points: the number n of data points.
        tolerance: a new term is written in those of the same data point if the rest has at most this norm, 0 never.
    """

    def __init__(self, kernel: DualKernel, dimension: int, points: int, tolerance: float) -> None:
        self.kernel, self.tolerance = kernel, tolerance
        self.count = 0
        self.norm_squared = 0.0
        self.lost = 0.0
        self._centers = np.zeros((64, dimension))
        self._coefficients = np.zeros(64)
        self._dictionaries = [_Dictionary() for _ in range(points)]

    def predictor(self) -> KernelPredictor:
        """The function as it is now; later growth does not change it."""
        return KernelPredictor(self.kernel, self._centers[: self.count], self._coefficients[: self.count].copy())

    @property
    def norm(self) -> float:
        """``|f|_H`` of the function without what was lost, so up to ``lost``."""
        return float(np.sqrt(max(self.norm_squared, 0.0)))

    def add(self, points: Float[Array, "n d"], coefficients: Float[Array, " n"], values: Float[Array, " n"]) -> None:
        """Add ``sum_i c_i K(., x_i)``, where ``values`` are those of f at the points and row i belongs to data point i.

        Terms with coefficient 0 are left out: they are the points that no longer cost anything.
        """
        active = np.flatnonzero(coefficients)
        chosen = points[active]
        gram = kernel_values(self.kernel, chosen, chosen, np)
        self.norm_squared += float(coefficients[active] @ (2.0 * values[active] + gram @ coefficients[active]))
        for row, owner in enumerate(active):
            self._add_term(int(owner), points[owner], float(coefficients[owner]), float(gram[row, row]))

    def shrink_to(self, radius: float) -> None:
        """Scale f so that ``|f|_H <= radius``."""
        if self.norm_squared > radius**2:
            factor = radius / np.sqrt(self.norm_squared)
            self._coefficients[: self.count] *= factor
            self.lost *= factor
            self.norm_squared = radius**2

    def _add_term(self, owner: int, point: Array, coefficient: float, diagonal: float) -> None:
        if self.tolerance > 0.0:
            dictionary = self._dictionaries[owner]
            row = kernel_values(self.kernel, point[None], self._centers[dictionary.places], np)[0]
            if dictionary.places:
                weights, rest = dictionary.combination(row, diagonal)
                if rest <= self.tolerance:
                    self._coefficients[dictionary.places] += coefficient * weights
                    self.lost += abs(coefficient) * rest
                    return
            dictionary.append(self.count, row, diagonal)
        self._append(point, coefficient)

    def _append(self, point: Array, coefficient: float) -> None:
        if self.count == len(self._coefficients):
            self._centers = np.concatenate([self._centers, np.zeros_like(self._centers)])
            self._coefficients = np.concatenate([self._coefficients, np.zeros_like(self._coefficients)])
        self._centers[self.count], self._coefficients[self.count] = point, coefficient
        self.count += 1
