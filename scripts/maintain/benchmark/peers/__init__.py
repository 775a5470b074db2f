"""What is measured: the lesson, its graph in a bare loop, and other frameworks."""
