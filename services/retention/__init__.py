"""How long data is kept: rules that remove what is old, a preview of each, and a report."""
