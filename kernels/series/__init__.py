"""Hermite series of activations without a closed form: coefficients with proved errors and tails."""
