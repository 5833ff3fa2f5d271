"""How a definition is drafted from an export; `schemas.drafting` is the front."""
