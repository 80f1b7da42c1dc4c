"""Where text stands in a payload and what its place means; one file a format."""
