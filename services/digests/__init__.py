"""Digests: what is new, due, broken and done, told to a person or a channel at their hour."""
