"""The closed forms of kappa are those that the kernels room evaluates, and expectations of sampled neurons."""

import numpy as np
import pytest
import sympy

from robustntk.bounds import get_activation
from robustntk.bounds.kernel_forms import KERNEL_FORMS, u
from robustntk.kernels import dual_kernel, numeric


@pytest.mark.parametrize("name", KERNEL_FORMS)
def test_the_forms_are_those_of_the_kernels_room(name):
    cosines = np.linspace(-0.95, 0.999, 41)
    found = sympy.lambdify(u, KERNEL_FORMS[name])(cosines)
    assert found == pytest.approx(dual_kernel(name).value(cosines), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("name", KERNEL_FORMS)
def test_the_forms_are_expectations(name):
    """Of sampled neurons, to four standard errors; a form five per cent larger is told apart."""
    cosine = 0.6
    normals = np.random.default_rng(0).standard_normal((2, 400_000))
    slope = numeric(get_activation(name), 1)
    products = slope(normals[0]) * slope(cosine * normals[0] + np.sqrt(1 - cosine**2) * normals[1])
    wanted = float(KERNEL_FORMS[name].subs(u, cosine))
    error = cosine * np.std(products) / np.sqrt(products.size)
    assert abs(cosine * np.mean(products) - wanted) <= 4 * error
    assert abs(cosine * np.mean(products) - 1.05 * wanted) > 4 * error
