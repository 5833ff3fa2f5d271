"""Drawings: `draw_*(frame, ax)`, one subject per file, and the one look of them all."""
