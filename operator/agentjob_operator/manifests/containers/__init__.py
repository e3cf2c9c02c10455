"""The containers of the pod, one file each: a function from attempt and settings to a `Part`."""
