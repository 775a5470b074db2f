"""A trained run as a function from images to probabilities."""
