"""The ledger: every step of every delivery as a row that nobody can change unseen."""
