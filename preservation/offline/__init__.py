"""The offline verifier that goes with every export. `kho_verify.py` shares no code with us, by intent."""
