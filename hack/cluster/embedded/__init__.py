"""The embedded cluster: Kubernetes' real components in namespaces of their own, on a Linux machine without Docker.

From the outside in: `lifecycle` (up, down, status) starts `supervisor` as the first process of new network, mount and
process namespaces; `supervisor` prepares the node (`node`) and runs the components that `plan` lists. Everything the
cluster writes goes to a `/run` of its own or to `.cluster/data`; killing the supervisor ends all of it.
"""
