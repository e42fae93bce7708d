"""What it costs: the clock, the statistics of its samples, and memory."""
