"""Functions of the frameworks, each beside an independent formula: `python benchmarks/foreign.py`.

Nobody wrote them for the checker, and they are right: a check that calls one wrong is at fault, or
has found a defect of a framework.
"""
