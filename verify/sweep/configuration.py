"""The grid of a sweep and what is the same in all its cells, checked before any work is done."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

from ...bounds import Activation, InvalidInput, Loss, exact, get_activation, get_loss
from ...kernels import dual_kernel
from ..attacks.projected_gradient import ProjectedGradientAttack
from ..data import load_data
from ..sets.cap import SphericalCap
from .cell import Scalar

__all__ = ["AXES", "SweepConfig"]

# The axes of the grid, with the names that their lists have in a configuration.
AXES = {"width": "widths", "samples": "samples", "delta": "deltas", "epsilon": "epsilons", "radius": "radii"}


@dataclass(frozen=True, kw_only=True)
class SweepConfig:
    """What determines a sweep.

    An axis that is None has for every law the values that the law needs; an axis that is given has these values for all
    laws, in all combinations. ``radii`` of None are the R of the data, but for laws in R. ``seeds`` draw networks, and
    for laws of the data's radius alone the order of the data, counted from ``data_seed``.

    Args:
        measures: names from `laws.MEASURES`; all that apply by default.
        widths, samples, deltas, radii, seeds: the grid; ``epsilons`` are text, since "0.1" means 1/10.
        activation, scale, loss, huber_kappa, data, classes, bias, standardize, data_seed: as elsewhere.
        iterations: of the training that is compared with infinite width.
        step_size: of that training; by default ``1 / (4 K(x, x))``.
        max_iterations: of the training that ends when epsilon is reached.
        attack_steps: of the adversary that is trained against.
    """

    measures: tuple[str, ...] | None = None
    widths: tuple[int, ...] | None = None
    samples: tuple[int, ...] | None = None
    deltas: tuple[float, ...] | None = None
    epsilons: tuple[str, ...] | None = None
    radii: tuple[float, ...] | None = None
    seeds: tuple[int, ...] = tuple(range(8))
    activation: str = "erf"
    scale: str = "1"
    loss: str = "hinge"
    huber_kappa: str | None = None
    data: str = "digits"
    classes: tuple[str, str] | None = ("0", "1")
    bias: float = 0.5
    standardize: bool = False
    data_seed: int = 1
    iterations: int = 60
    step_size: float | None = None
    max_iterations: int = 5000
    attack_steps: int = 10

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def given(self, axis: str) -> tuple[Any, ...] | None:
        """The values of an axis, if there are any."""
        values: tuple[Any, ...] | None = getattr(self, AXES[axis])
        return values

    def the_activation(self) -> Activation:
        return get_activation(self.activation, scale=self.scale)

    def the_loss(self) -> Loss:
        return get_loss(self.loss) if self.huber_kappa is None else get_loss(self.loss, kappa=self.huber_kappa)

    def common(self, digest: str) -> dict[str, Scalar]:
        """The settings of every cell, ``digest`` that of the data."""
        first, second = self.classes or (None, None)
        return {
            "activation": self.activation,
            "scale": self.scale,
            "data": self.data,
            "first_class": first,
            "second_class": second,
            "bias": self.bias,
            "standardize": self.standardize,
            "data_sha256": digest,
        }

    def training(self) -> dict[str, Scalar]:
        """The settings of every cell that trains."""
        return {"loss": self.loss, "huber_kappa": self.huber_kappa, "attack_steps": self.attack_steps}

    def the_step_size(self) -> float:
        """That of E1 at epsilon = 1/2 for a 1-Lipschitz loss, with ``K(x, x)`` in place of the larger ``G^2``."""
        return 1.0 / (4.0 * dual_kernel(self.the_activation()).at_one) if self.step_size is None else self.step_size

    def check(self) -> None:
        """Refuse what no cell could work with, except values that depend on the data (`check_data`).

        Raises:
            InvalidInput: naming the offending value.
        """
        dual_kernel(self.the_activation())
        ProjectedGradientAttack(steps=self.attack_steps)
        for name in (*AXES.values(), "seeds", "measures"):
            _check_list(name, getattr(self, name))
        for width in self.widths or ():
            if width < 2 or width % 2:
                raise InvalidInput(f"widths has {width}: expected positive even integers, networks are made of pairs")
        for seed in (*self.seeds, self.data_seed):
            if seed < 0:
                raise InvalidInput(f"seed is {seed}: expected an integer of at least 0")
        at_zero = float(self.the_loss().value(0.0, 1.0))
        for text in self.epsilons or ():
            if not 0.0 < float(exact(text, name="epsilon")) < at_zero:
                raise InvalidInput(f"epsilon is {text}: expected a number between 0 and {at_zero:g}, the loss of f = 0")
        for name in ("iterations", "max_iterations"):
            if getattr(self, name) < 1:
                raise InvalidInput(f"{name} is {getattr(self, name)}: expected a positive integer")
        for name, size in (("step_size", self.step_size), *(("radius", radius) for radius in self.radii or ())):
            if size is not None and not (math.isfinite(size) and size > 0):
                raise InvalidInput(f"{name} is {size}: expected a positive finite number")

    def check_data(self, problems: Iterable[tuple[int, float, int]]) -> None:
        """Load the data of every (samples, delta, data seed) and see that caps of opposite labels do not meet.

        Raises:
            InvalidInput: naming the offending value, or the two rows whose caps meet.
        """
        for samples, delta, seed in problems:
            cap = SphericalCap(delta, self.bias)
            data = load_data(
                self.data,
                classes=self.classes,
                samples=samples,
                seed=seed,
                bias=self.bias,
                standardize=self.standardize,
            )
            try:
                cap.check_separation(data.X, data.y)
            except InvalidInput as error:
                raise InvalidInput(f"{samples} samples in the order of seed {seed}: {error}") from error


def combinations(axes: dict[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """All points of a grid, the last axis fastest."""
    for values in product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def _check_list(name: str, values: tuple[Any, ...] | None) -> None:
    if values is None:
        return
    if not values:
        raise InvalidInput(f"{name} is empty: expected at least one value")
    if len(set(values)) != len(values):
        raise InvalidInput(f"{name} are {', '.join(map(str, values))}: expected different values")
