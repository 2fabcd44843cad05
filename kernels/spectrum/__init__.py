"""What is known of the spectrum of a Gram matrix: extreme eigenvalues between proved bounds, ranks, rows to blame."""
