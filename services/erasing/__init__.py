"""Erasing a person: what the desk holds of them, and removing it for good; the counts stay."""
