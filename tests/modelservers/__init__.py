"""Runs the project's model servers, and endpoints that misbehave, on loopback for tests: real servers, in this process."""
