"""Models developed again on resamples of the patients: their optimism and their stability."""
