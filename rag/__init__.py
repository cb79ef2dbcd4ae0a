"""Knowledge-base documents to passages, index, evidence, and an answer with verified citations."""
