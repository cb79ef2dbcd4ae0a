"""Read the settings of a command, or leave with one message that names all that is missing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bootstrap import Services, build
from domain.errors import BadInput, MailwrightError
from settings import read_or_exit


@contextmanager
def services_for(purpose: str) -> Iterator[Services]:
    """The services of one command, closed at its end; our own errors become one sentence: exit 2 for input, else 1."""
    services = build(read_or_exit(purpose))
    try:
        yield services
    except BadInput as error:
        print(f"{error.field}: {error.reason}", file=sys.stderr)
        sys.exit(2)
    except MailwrightError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    finally:
        services.close()
