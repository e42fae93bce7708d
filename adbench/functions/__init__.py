"""Functions of a framework as they stand: called with example arguments, they become models."""
