"""Whether Redis answers: a look for who will not wait for it, such as a health page."""


def answers(url: str, *, within: float = 0.2) -> bool:
    """Asks once and gives up after so many seconds. The client is loaded by who looks: web starts without it."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    connection = Redis.from_url(url, socket_timeout=within, socket_connect_timeout=within, retry=Retry(NoBackoff(), 0))
    try:
        return bool(connection.ping())
    except RedisError:
        return False
    finally:
        connection.close()
