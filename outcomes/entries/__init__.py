"""The outcomes of the toolkit, by family."""
