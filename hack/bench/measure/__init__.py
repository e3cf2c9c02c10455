"""One file per scenario. Each returns plain data for the report."""
