"""The merchant's ticketing system over HTTP, by the contract of TICKETING_API.md; its words for trouble stop here."""

from adapters.ticketing.client import Ticketing
from adapters.ticketing.session import Connection

__all__ = ["Connection", "Ticketing"]
