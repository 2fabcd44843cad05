"""Fully-connected networks in the limit of infinite width: which kernel is meant.

With h_0 = x, and for l = 1, ..., H + 1

    z_l = s_l W_l h_{l-1} / sqrt(width) + t_l b_l,   h_l = sigma_l(z_l),   f = z_{H+1},

all entries of W_l and b_l standard normal; s_l^2 is `weight_variances[l-1]`, t_l^2 `bias_variances[l-1]`. The first
layer has no factor 1/sqrt(d): on the unit sphere its preactivations have variance s_1^2 + t_1^2 (neural-tangents
divides by d, so that its W_std^2 is d s_1^2). Layer H + 1 is the readout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import sympy

from ..bounds import Activation, InvalidInput, get_activation
from ..bounds.activation import z
from ..bounds.exact import Number, exact, is_less

__all__ = ["LINEAR", "Architecture", "Parametrization", "Trained", "fully_connected", "paper_network"]

Parametrization = Literal["ntk", "standard"]
Trained = Literal["all", "hidden", "first", "readout"]

LINEAR = Activation("linear", z, sympy.Integer(1), sympy.Integer(0), sympy.Integer(0), proved=True)


@dataclass(frozen=True)
class Architecture:
    """Layers 1, ..., H + 1: one activation for each but the last, and for each whether it is trained.

    The variances are exact. In the NTK parametrisation W_l itself is trained, so layer l contributes s_l^2 times the
    covariance of h_{l-1}, plus t_l^2; in the standard one s_l W_l / sqrt(width) and t_l b_l are, so it contributes
    `width` times that covariance (without the width for the first layer), plus 1 where t_l > 0. Raises InvalidInput for
    a tuple of the wrong length, a variance that is negative (for weights: not positive), nothing trained, or a `width`
    that the parametrisation lacks or does not need.
    """

    activations: tuple[Activation, ...]
    trained: tuple[bool, ...]
    weight_variances: tuple[sympy.Expr, ...]
    bias_variances: tuple[sympy.Expr, ...]
    parametrization: Parametrization = "ntk"
    width: int | None = None

    def __post_init__(self) -> None:
        if not self.activations:
            raise InvalidInput("depth is 0: expected at least one hidden layer")
        for name in ("trained", "weight_variances", "bias_variances"):
            if len(getattr(self, name)) != self.depth + 1:
                raise InvalidInput(
                    f"{name} has {len(getattr(self, name))} entries: expected {self.depth + 1}, one for each layer"
                )
        if not any(self.trained):
            raise InvalidInput("trained is false for every layer: expected at least one trained layer")
        for number, variance in enumerate(self.weight_variances, start=1):
            if not is_less(sympy.Integer(0), variance):
                raise InvalidInput(f"the weight variance of layer {number} is {variance}: expected a number > 0")
        for number, variance in enumerate(self.bias_variances, start=1):
            if is_less(variance, sympy.Integer(0)):
                raise InvalidInput(f"the bias variance of layer {number} is {variance}: expected a number >= 0")
        self._check_parametrization()

    def _check_parametrization(self) -> None:
        if self.parametrization not in ("ntk", "standard"):
            raise InvalidInput(f"parametrization is {self.parametrization!r}: expected 'ntk' or 'standard'")
        if self.parametrization == "ntk" and self.width is not None:
            raise InvalidInput(
                f"width is {self.width}: expected none, the kernel in the NTK parametrization has no width"
            )
        if self.parametrization == "standard" and (self.width is None or self.width < 1):
            raise InvalidInput(
                f"width is {self.width}: expected a positive integer, to which the kernel in the standard "
                "parametrization is proportional"
            )

    @property
    def depth(self) -> int:
        """H, the number of hidden layers."""
        return len(self.activations)

    @property
    def layer_weights(self) -> tuple[tuple[sympy.Expr, sympy.Expr], ...]:
        """(p_l, q_l) for every layer, (0, 0) if frozen: as a parameter it contributes p_l Cov(h_{l-1}) + q_l."""
        return tuple(self._contribution(index) for index in range(self.depth + 1))

    def only(self, trained: Trained | Sequence[bool]) -> Architecture:
        """The same network with other layers trained; `readout` alone gives the NNGP kernel."""
        return replace(self, trained=_which(trained, self.depth))

    @property
    def label(self) -> str:
        """One line that tells this kernel from any other."""
        names = [activation.label for activation in self.activations]
        described = names[0] if len(set(names)) == 1 else ", ".join(names)
        layers = "all" if all(self.trained) else ", ".join(str(i + 1) for i, on in enumerate(self.trained) if on)
        parts = [f"NTK of depth {self.depth} ({described})", f"layers trained: {layers}"]
        if set(self.weight_variances) != {sympy.Integer(1)}:
            parts.append(f"weight variances {_listed(self.weight_variances)}")
        if set(self.bias_variances) != {sympy.Integer(0)}:
            parts.append(f"bias variances {_listed(self.bias_variances)}")
        if self.parametrization == "standard":
            parts.append(f"standard parametrization at width {self.width}")
        return "; ".join(parts)

    def _contribution(self, index: int) -> tuple[sympy.Expr, sympy.Expr]:
        weight, bias = self.weight_variances[index], self.bias_variances[index]
        if not self.trained[index]:
            return sympy.Integer(0), sympy.Integer(0)
        if self.parametrization == "ntk":
            return weight, bias
        fan_in = sympy.Integer(1 if index == 0 else self.width)
        return fan_in, sympy.Integer(0 if bias == 0 else 1)


def fully_connected(
    activation: Activation | str | Sequence[Activation | str] = "relu",
    depth: int | None = None,
    *,
    trained: Trained | Sequence[bool] = "hidden",
    weight_variance: Number | Sequence[Number] = 1,
    bias_variance: Number | Sequence[Number] = 0,
    parametrization: Parametrization = "ntk",
    width: int | None = None,
) -> Architecture:
    """A network of `depth` hidden layers (default 1, or as many as activations are given).

    `trained` names the layers that move: `all`, `hidden` (all but the readout), `first`, `readout`, or one bool a
    layer. One number stands for the same variance in every layer. The default is the kernel of theory section 4:
    fully_connected(sigma) is K(x, z) = <x, z> E[sigma'(w x) sigma'(w z)]. Raises InvalidInput as `Architecture` does.

    >>> fully_connected("relu", 3, trained="all").label
    'NTK of depth 3 (relu); layers trained: all'
    """
    single = isinstance(activation, (str, Activation))
    given: list[Activation | str] = [activation] if isinstance(activation, (str, Activation)) else list(activation)
    depth = len(given) if depth is None else depth
    if depth < 1:
        raise InvalidInput(f"depth is {depth}: expected a positive integer, the number of hidden layers")
    if single:
        given = given * depth
    if len(given) != depth:
        raise InvalidInput(f"{len(given)} activations are given for depth {depth}: expected one, or one a hidden layer")
    return Architecture(
        activations=tuple(get_activation(each) for each in given),
        trained=_which(trained, depth),
        weight_variances=_each(weight_variance, depth + 1, "weight_variance"),
        bias_variances=_each(bias_variance, depth + 1, "bias_variance"),
        parametrization=parametrization,
        width=width,
    )


def paper_network(depth: int, width: int, activation: Activation | str = "relu") -> Architecture:
    """The deep network of the paper (theory section 0): a fixed linear layer, `depth` trained ones, a fixed readout.

    Entries of A and W^(h) are N(0, 2/m), those of a are N(0, 1), and the W^(h) themselves are trained, so that at
    infinite width K(x, x) = m H for ReLU. In units of sqrt(m) this is a standard parametrisation whose first layer is
    linear.
    """
    if depth < 1:
        raise InvalidInput(f"depth is {depth}: expected a positive integer, the number of trained layers")
    return Architecture(
        activations=(LINEAR, *[get_activation(activation)] * depth),
        trained=(False, *[True] * depth, False),
        weight_variances=(*[sympy.Integer(2)] * (depth + 1), sympy.Integer(1)),
        bias_variances=(sympy.Integer(0),) * (depth + 2),
        parametrization="standard",
        width=width,
    )


def _which(trained: Trained | Sequence[bool], depth: int) -> tuple[bool, ...]:
    if not isinstance(trained, str):
        return tuple(bool(each) for each in trained)
    choices = {
        "all": (True,) * (depth + 1),
        "hidden": (True,) * depth + (False,),
        "first": (True,) + (False,) * depth,
        "readout": (False,) * depth + (True,),
    }
    if trained not in choices:
        raise InvalidInput(f"trained is {trained!r}: expected {', '.join(choices)}, or one bool a layer")
    return choices[trained]


def _each(given: Number | Sequence[Number], layers: int, name: str) -> tuple[sympy.Expr, ...]:
    if isinstance(given, (list, tuple)):
        return tuple(exact(each, name=name) for each in given)
    return (exact(given, name=name),) * layers


def _listed(variances: tuple[sympy.Expr, ...]) -> str:
    return str(variances[0]) if len(set(variances)) == 1 else ", ".join(map(str, variances))
