"""E5 as formulas: two bounds of a VC dimension, and the construction behind the one from below.

The construction is in `shattering`, the network in `vc_dimension`, what follows from both in `capacity`.
"""

from __future__ import annotations

import sympy
from sympy import E, floor, log, sqrt

n, d, delta = sympy.symbols("n d delta", positive=True)

# E5.a. A cluster is d + 1 points, a simplex of size s with one vertex at 0; K of the others have the other sign.
s, tau, K = sympy.symbols("s tau K", positive=True)
VERTICES = d + 1
CLUSTERS = floor(n / 2)
VC_LOWER_BOUND = CLUSTERS * VERTICES
VC_LOWER_BOUND_PLAIN = n

SIZE = delta / (d + 1)
GRID = 8 * (d + 1) ** 2  # tau is a multiple of delta/GRID
BYSTANDER = 3 * delta  # first coordinate of the second centre where all vertices have one sign
SPACING = 6 * delta  # of clusters, along the first axis

MARGIN = s / (2 * sqrt(K))
NEAR = s / (2 * K) - tau  # coordinates of the two centres
FAR = s / (2 * K) + tau
SEPARATION = 4 * K * tau**2
REACH = K * tau**2 - s * tau + s**2 * (1 + 1 / (4 * K))
LARGEST_SIZE = 4 * sqrt(K) * delta / (4 * K + 1)  # at tau = delta/sqrt(K); least at K = d

# E5.b. Layers i = 1..L of k units, W parameters in the layers 1..i, w the sum of all W, S that of all i k.
L, S, w, k, W, m, i = sympy.symbols("L S w k W m i", positive=True)
SIGN_PATTERNS = 2 * (2 * E * m * k * i / W) ** W  # of k m polynomials of degree i in W <= k m variables
VC_UPPER_BOUND = L + w * log(4 * E * S * log(2 * E * S, 2), 2)

# With H hidden layers of k units each on R^d, and one output.
H = sympy.Symbol("H", positive=True)
LAYERS = H + 1
HIDDEN_PARAMETERS = k * (d + 1) + (i - 1) * k * (k + 1)  # W for i <= H
OUTPUT_PARAMETERS = k + 1
SUM_OF_PARAMETERS = (H + 1) * k * (d + 1) + (H - 1) * (H + 2) * k * (k + 1) / 2 + k + 1
WEIGHTED_UNITS = H * (H + 1) * k / 2 + H + 1
