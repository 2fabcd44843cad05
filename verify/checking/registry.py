"""All claims by their ids, in the order of the theory."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module

from ...bounds import InvalidInput
from .claim import Claim

_MODULES = (
    "constants",
    "near_linearity",
    "pair_remainders",
    "convergence",
    "training",
    "projections",
    "gradient_of_the_mean",
    "kernels",
    "network_certificates",
    "before_the_draw",
    "capacity",
    "calculators",
)


@lru_cache(maxsize=1)
def all_claims() -> tuple[Claim, ...]:
    """Every claim that can be searched."""
    modules = (import_module(f".claims.{name}", __package__) for name in _MODULES)
    return tuple(claim for module in modules for claim in module.CLAIMS)


def get_claim(id: str) -> Claim:
    """The claim of that id.

    Raises:
        InvalidInput: there is none; the message names the claims there are.
    """
    return choose([id])[0]


def choose(ids: Iterable[str] | None = None) -> tuple[Claim, ...]:
    """The claims of these ids, in the order of the theory; a theorem's label stands for all of its claims.

    Raises:
        InvalidInput: an id that names none.
    """
    claims = all_claims()
    if not ids:
        return claims
    wanted = list(ids)
    for id in wanted:
        if not any(id in (claim.id, claim.theorem) for claim in claims):
            raise InvalidInput(f"unknown claim {id!r}: expected one of {', '.join(claim.id for claim in claims)}")
    exactly = {claim.id for claim in claims}
    return tuple(
        claim for claim in claims if claim.id in wanted or (claim.theorem in wanted and claim.theorem not in exactly)
    )
