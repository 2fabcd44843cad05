"""Errors that a caller can act upon: each names the offending value and says what was expected."""


class InvalidInput(ValueError):
    """An argument is not what the called function can work with."""


class HypothesisError(InvalidInput):
    """A hypothesis of the theorem fails for the given problem; the message is the reason."""


class WidthTooSmall(InvalidInput):
    """A drawn network is narrower than the theorem asks for; `required` is the width that would do."""

    def __init__(self, message: str, *, required: int) -> None:
        super().__init__(message)
        self.required = required


class TooFewIterations(InvalidInput):
    """No plan has as few iterations as are allowed; `required` are the fewest that any width allows."""

    def __init__(self, message: str, *, required: int) -> None:
        super().__init__(message)
        self.required = required
