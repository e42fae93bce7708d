"""Planning: which questions a run asks, of which backends, at which points."""
