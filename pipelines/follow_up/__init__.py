"""Patients who were not followed or did not answer: weights, censoring, competing events, what they could change."""
