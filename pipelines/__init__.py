"""Floor 2: split, fit, predict, evaluate, explain."""
