"""One Hypothesis profile for the whole suite: no deadlines, and the same examples on every run."""

from hypothesis import settings

settings.register_profile("robustntk", deadline=None, derandomize=True)
settings.load_profile("robustntk")
