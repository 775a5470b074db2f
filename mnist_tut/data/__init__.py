"""Provides the digits: finds, downloads, verifies, reads and draws them."""
