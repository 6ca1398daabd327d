"""Rules at work: what they say, when they run, what they did, and what they would have done."""
