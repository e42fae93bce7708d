"""The self-test.

Seeded bugs that must be caught, and controls that must not alarm, on the user's own machine.
"""
