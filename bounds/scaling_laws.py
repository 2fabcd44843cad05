"""The scaling laws on record, by id."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .capacity_scaling import P4, CapacityLaw
from .deep_convergence import P1
from .errors import InvalidInput, expected_one_of
from .existence_scaling import P3
from .scaling_law import ScalingLaw
from .two_layer_scaling import P2

SCALING_LAWS: Mapping[str, ScalingLaw] = MappingProxyType({law.id: law for law in (P1, P2, P3)})

# Not of training: they prescribe no width, step size or iterations.
CAPACITY_LAWS: Mapping[str, CapacityLaw] = MappingProxyType({P4.id: P4})


def scaling_law(id: str) -> ScalingLaw:
    """The recorded law of that id; InvalidInput with the known ids for an unknown one."""
    if id not in SCALING_LAWS:
        raise InvalidInput(f"unknown scaling law {id!r}: {expected_one_of(id, SCALING_LAWS)}")
    return SCALING_LAWS[id]
