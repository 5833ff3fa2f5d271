"""Parts of the data-quality check; `pipelines.data_quality` puts them together."""
