"""The bytes of what leaves: a reply in its thread, the mail that carries a link, or what is for a supplier."""

from adapters.link_signing import LinkIds, signed
from adapters.mime.build import build_notice, build_reply
from domain.message import Address
from settings import Settings
from storage.effect import Effect

# Where the text of an identity mail wants its link. It is made here, as the mail leaves, and stands in no table.
LINK = "{link}"


def mime(settings: Settings, effect: Effect) -> bytes:
    """The same bytes for the same row."""
    sender = Address(effect.mailbox_address)
    if effect.answers or (effect.request is not None and effect.thread_id):
        return build_reply(
            sender=sender,
            to=effect.recipient,
            subject=effect.subject,
            text=effect.text,
            in_reply_to=effect.in_reply_to,
            references=effect.references,
            reference_token=effect.reference,
            automatic=effect.automatic,
            date=effect.written_at,
        )
    if effect.request is not None:
        return build_notice(
            sender=sender,
            to=effect.recipient,
            subject=" ".join(effect.subject.split()),
            text=effect.text,
            reference_token=effect.reference,
            automatic=effect.automatic,
            date=effect.written_at,
        )
    return build_notice(
        sender=sender,
        to=effect.recipient,
        subject=effect.subject,
        text=effect.text.replace(LINK, link(settings, effect)),
        reference_token=effect.reference,
        date=effect.written_at,
    )


def link(settings: Settings, effect: Effect) -> str:
    """The address that the mail's reader opens; the mail has the id of its link."""
    token = signed(LinkIds(effect.tenant, effect.id), settings.secret_key)
    return f"{settings.public_url}/confirm/{token}"
