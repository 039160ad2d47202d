"""The shapes of the bytes that cross our boundary, as data and types. No logic, no database."""
