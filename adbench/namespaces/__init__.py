"""What `xp` is on every framework: the array namespaces that models are written in."""
