"""What a customer wants of an order, read out of the mail by code: no model has a say in it."""

from handlers.wish.reading import read_wish

__all__ = ["read_wish"]
