"""Which proofs there are, by theorem; each is imported and put together when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from .engines.finite import Exact
from .errors import InvalidInput, expected_one_of
from .outcome import Outcome
from .proof import Falsified, Proof, Step
from .scaling_laws import CAPACITY_LAWS, SCALING_LAWS
from .theorem import Theorem

RECORDED: Mapping[str, Theorem] = MappingProxyType({**SCALING_LAWS, **CAPACITY_LAWS})
NOT_PROVED = "scaling law: recorded, not proved"

# Modules in `proofs`, each with a function `proof`.
PROOFS: Mapping[str, str] = MappingProxyType(
    {
        "activations": "activations",
        "losses": "losses",
        "E1": "two_layer",
        "sharpness": "attained_regret",
        "E2": "tied_pairs",
        "E3": "smooth_losses",
        "E4": "existence",
        "degrees": "degrees",
        "E5": "capacity",
        "E6": "end_to_end",
        "E7": "recursion",
        "E8": "margins",
        "E9": "smooth_recursion",
        "E10": "operator_ball",
        "E11": "mean_gradient",
        "calculators": "calculators",
    }
)


def load_proof(theorem: str) -> Proof:
    """The proof of that theorem. If it cannot be put together, a proof of which nothing but that is known.

    Raises
    ------
    InvalidInput
        For an unknown theorem, and for the scaling laws, which have no proof here.
    """
    require_proof_on_record(theorem)
    try:
        proof: Proof = import_module(f"{__package__}.proofs.{PROOFS[theorem]}").proof()
    except Exception as error:  # a fault in one theorem must not hide the rest of the ledger
        return _unstated(theorem, f"the proof cannot be put together: {type(error).__name__}: {error}")
    if proof.theorem != theorem:
        return _unstated(theorem, f"the proof in {PROOFS[theorem]}.py is one of {proof.theorem}")
    return proof


def require_proof_on_record(theorem: str) -> None:
    """InvalidInput, with what there is, unless there is a proof of that theorem."""
    if theorem in RECORDED:
        raise InvalidInput(f"{theorem} is a {NOT_PROVED}; there are proofs for {', '.join(PROOFS)}")
    if theorem not in PROOFS:
        raise InvalidInput(f"unknown theorem {theorem!r}: {expected_one_of(theorem, PROOFS)}")


def _unstated(theorem: str, reason: str) -> Proof:
    engine = Exact(lambda: Outcome.unsupported(reason))
    step = Step(name="statement", claim=reason, engine=engine, falsified=(Falsified("nothing to falsify", engine),))
    return Proof(theorem, "not put together", (step,))
