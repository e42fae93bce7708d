"""Forward and reverse mode, Jacobians, batching, and rules of a user's own."""
