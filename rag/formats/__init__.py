"""What a document says about itself, and its bytes as text: the same for every kind of file."""
