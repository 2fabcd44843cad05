"""The proof of E4: robust networks exist near the initialisation."""

from __future__ import annotations

from ..proof import Proof
from . import a_priori, cap_certificate, concentration, kernel_forms, two_layer
from .realisation import paired_network, paired_neuron, radius, realised


def proof() -> Proof:
    """E4.a, E4.b and E4.d; E4.c and the closed forms of the kernel are proofs that it rests on."""
    steps = (*realised(), *paired_neuron(), *paired_network(), *radius(), *a_priori.steps())
    foundations = (two_layer.proof(), concentration.proof(), kernel_forms.proof(), cap_certificate.proof())
    return Proof("E4", "robust networks near the initialisation", steps, rests_on=foundations)
