"""PostgreSQL and Redis beside the agent: their entry points, and how the agent's container learns that they answer.

`postgres`, `redis`   roles of the image `services`       `probe`   asks a service a real question
`wait`                the agent's wait before it starts   `show`    the command `start-services` in the agent's PATH
"""
