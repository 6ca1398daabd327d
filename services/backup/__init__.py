"""A whole desk in one file, and back: on either engine, and from one to the other."""
