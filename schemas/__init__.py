"""Ground floor: what the data and the study plan look like."""
