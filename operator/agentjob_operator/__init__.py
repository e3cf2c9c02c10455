"""The operator: watches AgentJobs, Jobs and Pods, creates one Secret and one Job per attempt, and writes status."""
