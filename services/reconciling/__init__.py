"""What vendors have against what the ledger says was sent there."""
