"""A file of answers or accounts becomes typed rows and rejects; nothing here knows a database."""
