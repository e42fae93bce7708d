"""Readers: a framework's function as a model's function."""
