"""The functions of the array API, written with the primitives."""
