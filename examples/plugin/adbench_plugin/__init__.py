"""A backend and a model for adbench."""
