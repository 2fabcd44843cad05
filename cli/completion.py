"""What the shell offers for the value of an option: the names that the option takes."""

from collections.abc import Callable, Iterable

Complete = Callable[[str], list[str]]


def one_of(*names: str) -> Complete:
    """One of these names; each may also be several, with ", " between them."""
    return one_from(lambda: [name for several in names for name in several.split(", ")])


def one_from(names: Callable[[], Iterable[str]]) -> Complete:
    """One of the names that are looked up only when the shell asks for them: the lookup may import what is heavy."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in names() if name.startswith(incomplete)]

    return complete


def some_of(names: str) -> Complete:
    """Several of these names, with commas between them; none is offered twice."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        left = [name for name in names.split(", ") if name not in before.split(",")]
        return [f"{before}{comma}{name}" for name in left if name.startswith(last)]

    return complete


def proof_names() -> Iterable[str]:
    """What ``robustntk prove`` can check."""
    from ..bounds.proofs_on_record import PROOFS

    return PROOFS


def claim_names() -> Iterable[str]:
    """What ``robustntk check`` can search: labels of the theory, and then single claims, less those with blanks."""
    from ..verify.checking.registry import all_claims

    claims = all_claims()
    names = (*(claim.theorem for claim in claims), *(claim.id for claim in claims))
    return dict.fromkeys(name for name in names if " " not in name)
