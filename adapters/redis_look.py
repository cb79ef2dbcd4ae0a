"""Whether Redis answers: a look for who will not wait for it, such as a health page."""


def answers(url: str) -> bool:
    """Asks once and gives up after 0.2 s. The client is loaded by who looks, so that web starts without it."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    connection = Redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    try:
        return bool(connection.ping())
    except RedisError:
        return False
    finally:
        connection.close()
