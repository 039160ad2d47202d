"""One module per resource. GET and HEAD only."""
