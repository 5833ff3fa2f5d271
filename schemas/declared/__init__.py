"""What a registry definition or a study may declare of its own, one file per kind of entry."""
