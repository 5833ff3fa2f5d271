"""The subgroup calibration audit: a page that can be signed, and the same as CSV and JSON."""
