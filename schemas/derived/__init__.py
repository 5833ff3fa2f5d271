"""Columns that are computed from others, one file per family; `schemas.derivations` joins them."""
