"""HTTP and WebSocket on the pod's network: nothing of the desktop is reachable without the token."""
