"""The law's forms, printable in Vietnamese, filled from catalogue and ledger alone."""
