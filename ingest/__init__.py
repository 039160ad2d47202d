"""How a submission becomes a dossier we hold: quarantine, readers, checks, decision, commit."""
