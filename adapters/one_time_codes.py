"""Codes that a telephone shows for thirty seconds (RFC 6238), and the picture by which it learns the secret."""

from datetime import datetime, timedelta

import pyotp
import segno

STEP = timedelta(seconds=30)
# A clock may be half a minute off, either way.
_NEIGHBOURS = (0, -1, 1)


def fresh_secret() -> str:
    """160 bits and no less, as RFC 4226 4 asks for, in base32."""
    return pyotp.random_base32(32)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, near `now`; None where it is no code of now.

    Whoever takes it must take no step a second time, nor an earlier one (RFC 6238 5.2).
    """
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    counter = int(now.timestamp()) // int(STEP.total_seconds())
    generator = pyotp.HOTP(secret)
    for near in _NEIGHBOURS:
        if pyotp.utils.strings_equal(digits, generator.at(counter + near)):
            return counter + near
    return None


def address(secret: str, account: str) -> str:
    """The `otpauth:` address that programs for such codes read."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name="Mailwright")


def picture(address: str) -> str:
    """The address as a QR code: SVG of our own making, without styles or scripts, black on white in both themes."""
    drawn: str = segno.make(address, error="m", micro=False).svg_inline(
        scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, title="QR code"
    )
    return drawn
