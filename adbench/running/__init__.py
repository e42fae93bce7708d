"""Running: the session, the worker round a session, and the runner.

The session computes the cells of a plan, and the runner gives them turns.
"""
