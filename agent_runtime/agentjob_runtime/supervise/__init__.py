"""Keeps the desktop or the notebook of a pod running for as long as somebody may look at it, and not a moment longer.

main     the role: arguments, signals          child    one program, started again and again
"""
