"""Measures the lessons' speed beside other frameworks', and writes docs/SPEED.md."""
