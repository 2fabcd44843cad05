"""Perturbation sets, attacks, certificates, training, and the comparison of what is predicted with what is measured."""
