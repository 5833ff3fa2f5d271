"""From a document's blocks to a file: one format per file."""
