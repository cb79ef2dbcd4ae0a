"""End a grant at Google, and learn where Google's token and revocation endpoints are."""

from dataclasses import dataclass

import requests

from domain.errors import NeedsPerson, TryAgain

_TIMEOUT = (5, 10)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What follows from the metadata URL."""

    token_uri: str
    revoke_uri: str


def discover(metadata_url: str) -> Endpoints:
    """Read Google's metadata document (OpenID Connect Discovery 1.0). Raises TryAgain, NeedsPerson."""
    answer = _asked("GET", metadata_url)
    if answer.status_code != 200:
        raise TryAgain(f"Google's metadata answered {answer.status_code}.")
    try:
        document = answer.json()
        return Endpoints(str(document["token_endpoint"]), str(document["revocation_endpoint"]))
    except (requests.JSONDecodeError, KeyError, TypeError) as error:
        raise NeedsPerson(f"{metadata_url} is no OpenID metadata: correct the settings.") from error


def revoke(refresh_token: str, revoke_uri: str) -> None:
    """End the whole grant of this account to us. A token that is dead already is revoked. Raises TryAgain."""
    answer = _asked("POST", revoke_uri, {"token": refresh_token})
    if answer.status_code == 200 or (answer.status_code == 400 and "invalid_token" in answer.text):
        return
    raise TryAgain(f"Google's revocation answered {answer.status_code}.")


def _asked(method: str, url: str, form: dict[str, str] | None = None) -> requests.Response:
    try:
        return requests.request(method, url, data=form, timeout=_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise TryAgain(f"Google could not be reached ({type(error).__name__}).") from error
