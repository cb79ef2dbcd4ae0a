"""How gunicorn serves the pages: `gunicorn "app:create_app()"`. Its command line overrides what stands here."""

import sys
from typing import Any

import settings
from adapters.glibc import give_large_blocks_back

bind = "127.0.0.1:8000"
workers = 2
# The pages wait for Postgres and Google, not for the processor: a few threads each are enough.
worker_class = "gthread"
threads = 8
# Each worker makes its own connections after the fork.
preload_app = False
timeout = 60
graceful_timeout = 30
# Workers show that they live by touching a file. On a disk that is busy they would be taken for dead.
worker_tmp_dir = "/dev/shm" if sys.platform == "linux" else None  # noqa: S108 (only gunicorn's own heartbeat)
# Nobody asks it, and a read-only file system has no room for it.
control_socket_disable = True
# Our own events go to standard error, one for each request; a line of gunicorn would repeat its path and query.
accesslog = None


def on_starting(server: object) -> None:
    """Leave before a worker is forked when a setting is missing: gunicorn would start the worker anew for ever."""
    del server
    settings.read_or_exit("web")


def post_worker_init(worker: Any) -> None:
    """Give freed memory back, and compile every template: whoever opens the first page after a start need not wait."""
    # Checking a password takes 19 MiB.
    give_large_blocks_back()
    templates = worker.wsgi.jinja_env
    for name in templates.list_templates(extensions=["html", "txt"]):
        templates.get_template(name)
