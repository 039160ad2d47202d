"""The catalogue: an index of what storage holds, and the outbox of events. Never the truth."""
