"""Ask the web process on this machine whether it is alive: the health check of its container.

`python deploy/check_web.py [ADDRESS]`, as in 127.0.0.1:8000; exit code 0 when it answers. The pages answer to their
public name alone, so that is what is asked for.
"""

import http.client
import os
import sys
from urllib.parse import urlsplit


def main(address: str = "127.0.0.1:8000") -> int:
    connection = http.client.HTTPConnection(address, timeout=3)
    try:
        host = urlsplit(os.environ.get("PUBLIC_URL", "")).netloc or address
        connection.request("GET", "/healthz", headers={"Host": host})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"{address} does not answer: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    print(f"{address} answers {status}")
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
