"""What desktop and notebook cost a job: time to the agent's first event, and memory while nobody looks.

jobs     one AgentJob of each kind, timed     memory   of its containers     report   beside the budgets
"""
