"""Adversaries: rules that move points inside their perturbation sets; they bound the robust loss from below."""
