"""Readers: a framework's function and example arguments, read into an ordinary model function."""
