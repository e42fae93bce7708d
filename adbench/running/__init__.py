"""Running: the plan, the session, the worker round a session, and the runner.

The plan has the cells, the session computes them, and the runner gives them turns.
"""
