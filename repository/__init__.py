"""What we hold, where it lies, and how it got there durably.

Owns bytes, versions, copies and the catalogue. Knows nothing of METS, PREMIS, policy or HTTP.
"""
