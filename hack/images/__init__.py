"""Builds the project's container images with the builder that is there, and loads them into the local cluster.

`python3 -m images --help` (with `PYTHONPATH=hack`). Standard library only.
"""
