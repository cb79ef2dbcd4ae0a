"""Documents of a knowledge base that are no plain text: HTML and PDF to text with headings."""
