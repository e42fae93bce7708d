"""What to think of an answer: its verdict, its identities, and how its call behaves."""
