"""Adversarial training as the theorems prescribe it: steps, projections, states on disk (theory sections 0, 2, 3)."""
