"""The comparison of backends: a plan is run, and its results are written to a folder and shown."""
