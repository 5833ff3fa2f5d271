"""Parts of a document: a run's tables in, blocks out; one subject per file."""
