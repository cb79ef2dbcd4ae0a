"""What the program knows. Imports only Python."""
