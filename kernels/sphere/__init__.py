"""Deep kernels on the unit sphere as functions of u = <x, z>: enclosures, polynomials, proofs."""
