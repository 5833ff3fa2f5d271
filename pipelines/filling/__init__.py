"""How missing predictors are filled: chained regressions and draws from them; `pipelines.preprocess` uses them."""
