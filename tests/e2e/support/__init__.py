"""What the end-to-end tests stand on: the API, kubectl, the release, the Git server, the object store, and what is kept of a failure."""
