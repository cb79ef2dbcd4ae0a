"""What brings Mailwright onto servers, and the checks of what it is made of."""
