"""Loops in programs: written once, and run as Python or, where a program is traced, as one step."""
