"""The cluster of a distributed run: its tasks, their servers, a worker's session."""
