"""The container `notebook`: JupyterLab on the workspace.

`main`      checks the token and becomes Jupyter         `settings`  Jupyter's options and environment
`ready`     the readiness probe                          `kernel`    starts a kernel in the workspace's own Python
"""
