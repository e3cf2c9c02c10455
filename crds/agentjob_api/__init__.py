"""The AgentJob API: the single source of what the operator, the pod and the tools agree on. Pure; imports pydantic only.

`spec`, `status`   the custom resource            `reasons`   every condition reason, once
`pod`              paths, ports, exit codes       `job_config`, `grant`   what the operator hands to the pod
`report`           what the pod hands back        `events`    the event stream of a running agent
`checkpoint`       what a later attempt goes on from
"""
