"""Small things that every container of the pod shares."""
