"""How people look in: the read-only HTTP API. Writes nothing but its spool; never imports ingest."""
