"""What is owed to the outside: a row each, claimed, sent with no transaction open, recorded."""
