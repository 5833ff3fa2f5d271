"""Pages that print the toolkit's own tables: dictionary, measures, thresholds from one's own data."""
