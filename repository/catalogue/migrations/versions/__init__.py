"""One file per step. A step, once released, is never changed."""
