"""What everything else stands on.

Primitives and levels, trees, the tape, elements, declaring rules.
"""
