"""The computational graph of a function: traced, laid out, and drawn in several formats."""
