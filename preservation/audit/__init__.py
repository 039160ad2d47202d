"""Audits: what is due, what was found, what it means, and saying so."""
