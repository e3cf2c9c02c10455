"""Checkpoints as `agentjob_api.checkpoint` lays them out: `pack` makes one of workspace and session, `unpack` brings both back."""
