"""Running it: the plan of cells, the session that computes them, the worker round a session, and
the runner that gives them turns."""
