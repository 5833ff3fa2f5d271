"""Published models whose equations are printed: one module per source, numbers and coding together."""
