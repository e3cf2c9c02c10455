"""What the integration tests talk to a real API server with: its answers as they are, refusals included, and kubectl."""
