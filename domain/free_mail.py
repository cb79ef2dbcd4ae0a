"""Domains at which anybody can have an address: such a domain never stands for a company."""

# The large public mail services of the countries that our languages are spoken in, by the services' own pages.
_SERVICES = """
aol.com aol.de aol.fr arcor.de bbox.fr bluewin.ch btinternet.com cox.net email.com email.de fastmail.com fastmail.fm
free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.eu gmx.fr gmx.net googlemail.com hey.com hotmail.co.uk
hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com inbox.com inbox.lv kolabnow.com
laposte.net libero.it live.be live.co.uk live.com live.de live.fr live.it live.nl mac.com mail.com mail.de mail.ru
mailbox.org mailfence.com me.com msn.com neuf.fr o2.pl online.de op.pl orange.fr outlook.at outlook.com outlook.de
outlook.es outlook.fr outlook.it pm.me posteo.de posteo.net proton.me protonmail.ch protonmail.com qq.com rambler.ru
rediffmail.com rocketmail.com runbox.com seznam.cz sfr.fr sky.com skynet.be startmail.com t-online.de telefonica.net
telenet.be terra.com terra.es tiscali.it tuta.com tuta.io tutanota.com tutanota.de ukr.net verizon.net virgilio.it
virginmedia.com vodafone.de wanadoo.es wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.uk yahoo.com yahoo.de
yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru ymail.com ziggo.nl zoho.com zohomail.eu 126.com 163.com
"""
FREE_MAIL = frozenset(_SERVICES.split())


def is_free_mail(domain: str) -> bool:
    """Whether this domain, or the one that it is a part of, is such a service's."""
    labels = domain.strip(". ").lower().split(".")
    return any(".".join(labels[start:]) in FREE_MAIL for start in range(len(labels)))
