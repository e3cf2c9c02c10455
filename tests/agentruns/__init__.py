"""Runs the agent's entry point as the pod does, in a process of its own under a temporary root."""
