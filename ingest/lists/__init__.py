"""Lists of dossiers: sheets read without trust, columns mapped as saved, dossiers as values."""
