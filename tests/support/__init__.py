"""Real servers that tests of several areas start: an object store and a Git host, on loopback, each in a folder of its own."""
