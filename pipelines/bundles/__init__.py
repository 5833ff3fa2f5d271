"""Model bundles: what is kept of a fitted model, read again, and asked about new patients."""
