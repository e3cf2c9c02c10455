"""The event stream of `agentjob_api.events`."""
