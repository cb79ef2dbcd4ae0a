"""What can be started from a command line."""
