"""The pictures of a mail that lie on the web: an address that loads nothing, until somebody asks to see them."""

# How the cleaned HTML of a mail keeps one. Within texts and attributes one of these characters is always escaped.
PUT_AWAY = '<img data-src="'


def with_pictures(safe: str) -> str:
    """Cleaned HTML with its pictures. Whoever shows that tells their server that the mail was read."""
    return safe.replace(PUT_AWAY, '<img referrerpolicy="no-referrer" src="')
