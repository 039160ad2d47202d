"""Drills: damage planted on purpose, in objects of our own, to prove that audit and repair work."""
