"""What the right answer is, and what to think of one that differs from it."""
