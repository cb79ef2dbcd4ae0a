"""Say no in the words and the JSON of Google's API."""

from typing import Any

from sandbox.http_server import Response, json_response

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class GmailError(Exception):
    """A refusal with its HTTP status, Google's reason word and a sentence."""

    def __init__(self, code: int, reason: str, message: str, status: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.status = status or _STATUS[code]

    def json(self) -> dict[str, Any]:
        errors = [{"message": self.message, "domain": "global", "reason": self.reason}]
        return {"error": {"code": self.code, "message": self.message, "errors": errors, "status": self.status}}

    def response(self, headers: tuple[tuple[str, str], ...] = ()) -> Response:
        if self.code == 401:
            headers = (
                *headers,
                ("WWW-Authenticate", 'Bearer realm="https://accounts.google.com/", error="invalid_token"'),
            )
        return json_response(self.json(), self.code, headers)


def not_found() -> GmailError:
    return GmailError(404, "notFound", "Requested entity was not found.")


def invalid(message: str) -> GmailError:
    return GmailError(400, "invalidArgument", message)
