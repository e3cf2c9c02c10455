"""The container `desktop`: an X server with a few programs, and the gate that lets a person with the token in.

Everybody in the pod has the same user id, so what keeps the agent out is what is mounted where: the VNC socket lies in a folder
that only this container has, the X socket in one that the agent shares, with a cookie. The X server therefore takes anybody on
its VNC socket (security type None): a password of eight significant characters would lie beside the socket and guard nothing.
"""
