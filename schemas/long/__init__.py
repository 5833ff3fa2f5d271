"""Tables with many rows per operation, one file per kind; `schemas.long_tables` joins them."""
