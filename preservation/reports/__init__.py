"""Statements the archive makes about itself, from live questions: coverage, plans, NDSA levels."""
