"""Exports a trained model to other runtimes, one module for each format."""
