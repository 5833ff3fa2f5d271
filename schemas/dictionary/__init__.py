"""Entries of the data dictionary, one file per family; `schemas.columns` joins them."""
