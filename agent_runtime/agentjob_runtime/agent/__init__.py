"""The container `agent`: the lock, the watchdogs and the result around an engine's run."""
