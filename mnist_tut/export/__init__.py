"""A trained model for another runtime, one file a format."""
