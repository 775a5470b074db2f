"""Draws one digit with pen strokes, from a table of shapes."""
