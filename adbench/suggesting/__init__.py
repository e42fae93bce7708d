"""Points at which a function may be wrong though it is right where it was asked."""
