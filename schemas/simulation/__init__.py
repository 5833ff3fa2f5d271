"""How a registry is simulated; `schemas.synthetic` is the front."""
