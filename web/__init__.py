"""The pages: one blueprint per file. Pages read through `storage` and act by writing what a person decided."""
