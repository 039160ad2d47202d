"""OCFL 1.0 and 1.1 as pure values and rules: inventories, layouts, validation. No writing here."""
