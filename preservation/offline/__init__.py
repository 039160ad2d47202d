"""The offline verifier that goes with every export; by intent it shares no code with us."""
