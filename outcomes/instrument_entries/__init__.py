"""Instruments, one file per family; joined in `outcomes.instruments`."""
