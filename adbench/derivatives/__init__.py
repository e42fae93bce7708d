"""One interface to the derivatives of every backend, prepared once and called often."""
