"""Sparse Jacobians and Hessians: which entries can be other than zero, and in how few passes."""
