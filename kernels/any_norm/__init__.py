"""Deep kernels at points of any norm, with their gradients by the points and by the variances."""
