"""The corner atlas: what backends return at kinks, jumps and removable singularities."""
