"""The models that adbench brings, one file each, installed as `adbench.models`."""
