"""What the real programs use up over hours of ordinary work, and whether any of it grows."""
