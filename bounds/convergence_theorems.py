"""The convergence theorems on record, by id, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .convergence import ConvergenceTheorem
from .margins import E8, E8_TIED
from .operator_ball import E10, E10_TIED
from .recursion import E7, E7_TIED
from .smooth_losses import E3, E3_TIED
from .smooth_recursion import E9, E9_TIED
from .tied_pairs import E2
from .two_layer import E1

_ALL = (E1, E2, E3, E3_TIED, E7, E7_TIED, E8, E8_TIED, E9, E9_TIED, E10, E10_TIED)

CONVERGENCE_THEOREMS: Mapping[str, ConvergenceTheorem] = MappingProxyType({theorem.id: theorem for theorem in _ALL})
