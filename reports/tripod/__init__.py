"""TRIPOD+AI: its items, what a run says to each, the author's answers, the manuscript and the checklist."""
