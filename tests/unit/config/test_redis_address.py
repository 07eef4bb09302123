"""What a Redis URL may say: understood by one reading, or refused in one line that repeats no part of it."""

from __future__ import annotations

import pytest

from config.redis_address import RedisAddress, Tls, read_redis_url

SECRET = "tr0ub4dor"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("redis://localhost", "redis://localhost:6379/0"),
        ("rediss://:p@redis.lan:6380/2", "rediss://:p@redis.lan:6380/2"),
        ("redis://[::1]:6379", "redis://[::1]:6379/0"),
        ("REDIS://HOST.lan/1/", "redis://host.lan:6379/1"),
        # kombu would take what follows the semicolon for another host
        ("redis://:a;b@h", "redis://:a%3Bb@h:6379/0"),
        ("redis://u:a%2Fb%40c@h", "redis://u:a%2Fb%40c@h:6379/0"),
        ("redis://u:p@ss@h", "redis://u:p%40ss@h:6379/0"),
        ("redis://:a+b%20c@h", "redis://:a%2Bb%20c@h:6379/0"),
        ("rediss://h?ssl_cert_reqs=CERT_REQUIRED", "rediss://h:6379/0"),
        (
            "rediss://h/0?ssl_cert_reqs=required&ssl_ca_certs=/a%20b/ca.crt",
            "rediss://h:6379/0?ssl_ca_certs=/a%20b/ca.crt",
        ),
        (
            "rediss://h?ssl_ca_certs=ca.crt&ssl_check_hostname=False",
            "rediss://h:6379/0?ssl_ca_certs=ca.crt&ssl_check_hostname=false",
        ),
        (
            "rediss://h?ssl_certfile=me.crt&ssl_keyfile=me.key",
            "rediss://h:6379/0?ssl_certfile=me.crt&ssl_keyfile=me.key",
        ),
    ],
)
def test_a_url_has_one_meaning_however_it_is_written(text: str, meant: str) -> None:
    address = read_redis_url(text)
    assert address.url == meant
    assert read_redis_url(address.url) == address


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"rediss://:{SECRET}@h?foo=bar", "the farm sets timeouts itself"),
        (f"redis://:{SECRET}@h?socket_timeout=abc", "an option that is not one of"),
        (f"redis://:{SECRET}@h/0?db=1", "an option that is not one of"),
        (f"redis://:{SECRET}@h/abc", "database by a number"),
        (f"redis://:{SECRET}@h/-1", "database by a number"),
        (f"redis://:{SECRET}@h/0/1", "database by a number"),
        (f"redis://:{SECRET}@h/²", "database by a number"),
        # an unescaped slash
        (f"redis://:{SECRET}/b@h", "%2F"),
        (f"redis://u:12/{SECRET}@h:6379/0", "%2F"),
        (f"redis://:12?{SECRET}@h", "%2F"),
        (f"redis://:12#{SECRET}@h", "%2F"),
        (f"redis://:[{SECRET}@h", "%2F"),
        (f"redis://:{SECRET}@h#x", "'#'"),
        (f"redis://:{SECRET}@h:0", "port"),
        (f"redis://:{SECRET}@h:99999", "port"),
        (f"redis://:{SECRET}@:6379", "names a host"),
        (f"redis://:{SECRET} @h", "white space"),
        (f"unix://:{SECRET}@/tmp/redis.sock", "redis:// or rediss://"),
        (f"redis+cluster://:{SECRET}@h", "redis:// or rediss://"),
        (f"redis://:{SECRET}@h?ssl_ca_certs=ca.crt", "not a rediss:// URL"),
        (f"rediss://:{SECRET}@h?ssl_cert_reqs=none", "anyone who answers"),
        (f"rediss://:{SECRET}@h?ssl_cert_reqs=CERT_OPTIONAL", "anyone who answers"),
        (f"rediss://:{SECRET}@h?ssl_cert_reqs=perhaps", "ssl_cert_reqs=required"),
        (f"rediss://:{SECRET}@h?ssl_check_hostname=perhaps", "=true or =false"),
        (f"rediss://:{SECRET}@h?ssl_check_hostname=false", "any valid certificate"),
        (f"rediss://:{SECRET}@h?ssl_certfile=me.crt", "together"),
        (f"rediss://:{SECRET}@h?ssl_ca_certs=a&ssl_ca_certs=b", "twice"),
        (f"rediss://:{SECRET}@h?ssl_ca_certs", "name=value"),
    ],
)
def test_what_is_not_understood_is_refused_without_repeating_it(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        read_redis_url(text)
    shown = "".join(map(str, (caught.value, caught.value.__cause__, caught.value.__suppress_context__)))
    assert said in str(caught.value)
    assert SECRET not in shown
    assert "\n" not in str(caught.value)


def test_the_password_is_not_in_the_text_of_an_address() -> None:
    address = read_redis_url(f"redis://u:{SECRET}@h")
    assert address.password == SECRET
    assert SECRET not in f"{address} {address!r} {address.place}"


def test_tls_verifies_without_being_asked_to() -> None:
    assert read_redis_url("rediss://h").tls == Tls(check_hostname=True)
    assert read_redis_url("redis://h") == RedisAddress(
        host="h", port=6379, database=0, username=None, password=None, tls=None
    )
