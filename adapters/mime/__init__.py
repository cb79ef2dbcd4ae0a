"""Mail bytes to messages, and replies to mail bytes."""
