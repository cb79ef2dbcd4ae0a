"""Translate whatever LangChain and the vendors' clients raise into our own errors. No vendor's words are kept in them:
they may quote the mail or the key.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module

from domain.errors import BadInput, MailwrightError, NeedsPerson, TryAgain

# What each vendor's client raises beyond LangChain's own errors; imported only for the one that is in use.
_OF_CLIENTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "openai": (("openai", "OpenAIError"),),
    "anthropic": (("anthropic", "AnthropicError"),),
    "google_genai": (
        ("google.genai.errors", "APIError"),
        ("langchain_google_genai.chat_models", "ChatGoogleGenerativeAIError"),
        ("httpx", "HTTPError"),
    ),
}
# A client that is handed an answer it did not expect stumbles in any of these ways.
_STUMBLES = (ValueError, TypeError, LookupError, AttributeError, OSError)
METHOD = "method"
NO_MORE_CALLS = "it allows no more calls for now"
_LONGEST_WAIT_S = 3600


@contextmanager
def translated(provider: str) -> Iterator[None]:
    """Everything raised within the block leaves it as one of ours.

    BadInput of the field "method": the vendor refuses this way of asking. TryAgain: passing trouble, `after` as long as
    the vendor wishes. NeedsPerson: key, rights or the model's name are wrong.
    """
    core = import_module("langchain_core.exceptions")
    clients = tuple(getattr(import_module(module), name) for module, name in _OF_CLIENTS[provider])
    try:
        yield
    except core.ModelError as error:
        raise _ours(core.__dict__, error) from error
    except (*clients, core.LangChainException, *_STUMBLES) as error:
        raise _of_client(error) from error


def _ours(core: Mapping[str, type[Exception]], error: Exception) -> MailwrightError:
    table: tuple[tuple[str, MailwrightError], ...] = (
        ("ModelRateLimitError", TryAgain(NO_MORE_CALLS, _wait_of(error, 30))),
        ("ModelTimeoutError", TryAgain("it did not answer in time", timedelta(seconds=30))),
        ("ModelConnectionError", TryAgain("it could not be reached", timedelta(seconds=30))),
        ("ModelAPIError", TryAgain("it had trouble of its own", _wait_of(error, 10))),
        ("ModelAuthenticationError", NeedsPerson("it does not accept our key")),
        ("ModelPermissionDeniedError", NeedsPerson("our key does not allow it")),
        ("ModelNotFoundError", NeedsPerson("there is no model of that name")),
        ("ContextOverflowError", BadInput("mail", "it is too long for the model")),
        ("ModelInvalidRequestError", BadInput(METHOD, "it does not take requests of this form")),
    )
    found = (ours for name, ours in table if isinstance(error, core[name]))
    return next(found, TryAgain("it failed"))


def _of_client(error: Exception) -> MailwrightError:
    """What LangChain left as it was: told by its HTTP status where there is one, else by its kind."""
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    if status in {400, 405, 415, 422, 501}:
        return BadInput(METHOD, "it does not take requests of this form")
    name = type(error).__name__.lower()
    if "timeout" in name:
        return TryAgain("it did not answer in time", timedelta(seconds=30))
    if any(part in name for part in ("connect", "protocol", "readerror")) or isinstance(error, OSError):
        return TryAgain("it could not be reached", timedelta(seconds=30))
    return TryAgain("its answer could not be read", timedelta(seconds=1))


def _wait_of(error: Exception, usual: int) -> timedelta:
    """The vendor's Retry-After, within reason."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    text = str(headers.get("retry-after", ""))
    seconds = int(text) if text.isdigit() else usual
    return timedelta(seconds=min(max(seconds, 1), _LONGEST_WAIT_S))
