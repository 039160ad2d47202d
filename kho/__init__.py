"""The front door: settings, wiring, command line and demo. No archival rules live here."""
