"""Thresholds derived from a registry's own data."""
