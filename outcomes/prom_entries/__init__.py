"""Outcomes from scores, one file per region, and the scores themselves."""
