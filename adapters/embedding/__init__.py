"""Sentence vectors from a model that runs here."""
