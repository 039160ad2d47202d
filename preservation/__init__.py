"""What we know and promise about the bytes we hold.

The dossier record and its package, formats, events, audits, policy, repair, the evidence ledger and
access copies. Accepts no deliveries and serves no readers.
"""
