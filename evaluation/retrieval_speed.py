"""How fast an index is searched, loaded and built, on made-up passages; run as `python -m evaluation.retrieval_speed`."""
