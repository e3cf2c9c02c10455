"""`make demo`: one AgentJob from `kubectl apply` to the verified download, on the local cluster, shown as it happens."""
