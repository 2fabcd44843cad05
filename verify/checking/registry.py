"""All claims by their ids, in the order of the theory."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module

from ...bounds import InvalidInput
from ...bounds.errors import expected_one_of
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
    """The claim of exactly that id.

    Raises:
        InvalidInput: there is none.
    """
    return {claim.id: claim for claim in choose([id])}[id]


def choose(names: Iterable[str] | None = None) -> tuple[Claim, ...]:
    """The claims of these names, in the order of the theory; all of them without names.

    A name is an id, such as E1.a/ball, or a label of docs/theory.md, which stands for all claims below it: E1.a, E4.

    Raises:
        InvalidInput: a name without a claim; the message lists the labels.
    """
    claims, wanted = all_claims(), list(names or ())
    for name in wanted:
        if not any(_belongs(claim, name) for claim in claims):
            labels, ids = dict.fromkeys(claim.theorem for claim in claims), [claim.id for claim in claims]
            known = expected_one_of(name, labels, others="an id (see --list)", unlisted=ids)
            raise InvalidInput(f"unknown claim {name!r}: {known}")
    return tuple(claim for claim in claims if not wanted or any(_belongs(claim, name) for name in wanted))


def _belongs(claim: Claim, name: str) -> bool:
    return name in (claim.id, claim.theorem) or claim.theorem.startswith(f"{name}.")
