"""Named threshold sets, one file per region."""
