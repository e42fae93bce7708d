"""Counting operations: what an answer costs where nothing is measured, and nothing is noise."""
