"""What jobs say to whoever gives them their turns."""

MORE = "more"  # what a job remembers that was not done with everything
