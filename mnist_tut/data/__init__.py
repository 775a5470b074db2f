"""Brings the digits: finds, downloads, checks, reads and draws them."""
