"""How models are fitted: penalised and Firth's regression, forests, boosting; `pipelines.models` is their table."""
