"""Running it: the plan of cases, one worker process per backend, and the runner that gives them
turns."""
