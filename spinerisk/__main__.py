"""Runs the command line: ``python -m spinerisk``."""

from spinerisk.cli import main

if __name__ == "__main__":
    main()
