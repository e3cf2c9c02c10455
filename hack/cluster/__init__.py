"""The local cluster of the project's demo and tests: kind where Docker answers, an embedded one elsewhere.

`python3 -m cluster --help` (with `PYTHONPATH=hack`). Standard library only: it runs before any environment exists.
"""
