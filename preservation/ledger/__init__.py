"""The journal of events: append-only, chained, durable, copied to every store."""
