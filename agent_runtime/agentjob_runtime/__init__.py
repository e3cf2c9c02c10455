"""What runs inside an attempt's pod: one package per container, started by `python -m agentjob_runtime <container>`."""
