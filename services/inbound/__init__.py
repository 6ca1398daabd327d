"""What vendors tell the desk: a row each, committed before they are answered, applied once."""
