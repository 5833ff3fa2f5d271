"""One file per kind of file; `schemas.readers` chooses."""
