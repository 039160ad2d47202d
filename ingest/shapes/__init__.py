"""The shapes a submission comes in: found, opened, read. Every one becomes the same package value."""
