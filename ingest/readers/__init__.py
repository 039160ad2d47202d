"""Readers, one for each shape of submission: bytes to facts, facts to a Dossier."""
