"""Shows `events.jsonl` in a terminal while it is written: what the agent does, readable for people. Standard library only."""
