"""Packs a workspace that nobody can trust into one deterministic archive, and says what is in it.

```
walk.Walk ─► zipper | tarrer ─► sink.Sink (temporary file, SHA-256, size limit) ─► pack.Packed
```

Exceptions, all below `errors.ArchiveError`: `ArchiveTooLargeError`, `ArchiveInterruptedError`, `ArchiveWriteError`, `PatternError`.
"""
