"""The fault zoo: backends and model files that go wrong, and what becomes of a command on them.

Every fault is a few lines of Python as a user might write them, with how it should end.
"""
