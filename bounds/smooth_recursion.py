"""E9, smooth losses until success: E3 with the remainder paid at the distance R, not 2 R.

While the loss is above the bound v, k L_A - C D_t^2 sqrt(2 H L_A) - s > R^2/(2 alpha T) > 0 as long as D_t <= R, so
that D_t falls, and D_t <= R holds at the next step too; after T steps nothing would be left of R^2.
"""

from __future__ import annotations

from .curvature import Network
from .smooth_losses import smooth_theorem

E9 = smooth_theorem("E9", "smooth losses until success", network=Network.FULL, distance=1)
E9_TIED = smooth_theorem("E9-tied", "smooth losses until success, tied pairs", network=Network.TIED, distance=1)
