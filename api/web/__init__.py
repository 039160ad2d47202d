"""The pages: what the API answers, written for people. Rendered here, without scripts."""
