"""The kinds of outcomes, one file each, and what they share."""
