"""Differences between groups of patients, tests and their multiplicity; `pipelines.subgroups` puts them together."""
