"""Statistics on predictions, one subject per file; `pipelines.metrics` is their table."""
