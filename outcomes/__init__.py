"""Floor 1: what is predicted, for whom, from what known when."""
