"""The conversation as it is kept on disk."""
