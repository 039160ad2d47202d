"""Incidents: what is wrong, from the first finding until a person closes it."""
