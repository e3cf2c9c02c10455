"""The container `courier`: outlives the agent, however it ends, and brings home what it left.

```
gate (lock, started) ─► death of the agent ─► outcome (claim, usage) ─► delivery (pack, upload) ─► report
stream.EventStream, a thread of its own: events.jsonl ─► lines ─► segments in the store
usage.UsageStream, another one:          the proxy's count ─► usage.json in the store
```

Everything under `/workspace` and `/run/agentjob` is hostile input: opened without following links, bounded, validated.
"""
