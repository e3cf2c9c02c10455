"""Errors of the local cluster: each message says what to do next."""

from __future__ import annotations


class ClusterError(Exception):
    """The cluster, a tool or an image cannot be made; the message is for the person at the keyboard."""


class PrerequisiteError(ClusterError):
    """Something that has to be installed is missing; the message names the command that installs it."""
