"""Sites: folds that leave them out, results of each, their summary by random effects, and how they differ."""
