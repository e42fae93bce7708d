"""Correctness alone.

The report of a check, its formats, and the check of one's own code from Python.
"""
