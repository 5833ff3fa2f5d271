"""The subitems of TRIPOD+AI by part of a manuscript; ``reports/tripod/items.py`` joins them."""
