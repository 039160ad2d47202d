"""One module per verb; heavy imports live inside the verbs."""
