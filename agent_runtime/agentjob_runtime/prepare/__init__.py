"""The container `prepare`: lays the run folder out and fills the workspace, from a Git repository or with nothing.

`refs`, `address`, `diagnosis` are pure; `git` runs one command in an environment that a hostile repository or server cannot use;
`clone` is the sequence of commands. Everything that goes wrong is an `errors.PrepareError` with a reason of the API.

Engine configuration that a repository brings (`.claude/`, `.mcp.json`, `.opencode/`, `opencode.json`) stays where it is: the engine
`Builtin` reads none of it. An engine that does must have it moved aside here first (reference/engines.md, "Hostile repository").
"""
