"""End to end: the chart, the operator and the pods on a real cluster (`make cluster-up images`, then `pytest tests/e2e`)."""
