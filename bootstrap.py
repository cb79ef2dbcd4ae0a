"""Which adapter stands behind which port: the rooms of `parts/`, joined to what the programs work with."""

from parts.mail import Mail
from parts.shop import Shops
from parts.ticketing import Tickets
from parts.trying import Trying
from settings import Settings


class Services(Trying, Mail, Shops, Tickets):
    """Everything a program may ask for."""


def build(settings: Settings) -> Services:
    return Services(settings)
