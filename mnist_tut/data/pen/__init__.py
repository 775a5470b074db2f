"""Draws one digit with pen strokes; knows no file but its table of shapes."""
