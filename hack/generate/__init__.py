"""Writes the generated files of the repository, or says which of them differ from their sources."""
