"""The clock's door: sends what is owed, does what is periodic; in this process or its own."""
