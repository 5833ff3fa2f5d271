"""Rules that look at several columns, one file per family; `schemas.rules` joins them."""
