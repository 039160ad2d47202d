"""What every received file is, found before the decision: viruses, kind, damage, signatures.

`gathering` asks the tools and writes what they said into the record; the rules that weigh it are
`ingest.checks` (FACT_CHECKS). What could not be asked is recorded as not checked, never as a pass.
"""
