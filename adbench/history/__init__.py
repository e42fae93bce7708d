"""Many runs over time: their store, the steps of cost ratios, and what changed since."""
