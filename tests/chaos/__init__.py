"""What arrives at vendors while workers are killed at every step and everything else fails too."""
