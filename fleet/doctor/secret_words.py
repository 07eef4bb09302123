"""Takes secrets and miners' ids out of texts before anybody sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

from config.hiding import without_addresses
from config.load import MASK
from config.settings import Settings
from fleet.domain.miner_names import IdHider, distinct_names

#: shorter passwords are too likely to be a part of ordinary words
_SHORTEST = 6


def hider(settings: Settings) -> Callable[[str], str]:
    """A function that replaces each password of the settings by ********, and each miner's id by its name."""
    secrets = sorted(set(passwords(settings)), key=len, reverse=True)
    given = [(miner.id.lower(), miner.name or "") for miner in settings.miner]
    if settings.id is not None:
        given.append((settings.id.lower(), ""))
    by_name = IdHider(distinct_names(given))

    def hide(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, MASK)
        return without_addresses(by_name(text))

    return hide


def passwords(settings: Settings) -> Iterator[str]:
    """The passwords in the settings' URLs and in the pages' logins, and the token of metrics, escaped and plain."""
    urls = (settings.redis_url, settings.ledger_url, settings.http.proxy)
    found = [urlsplit(url.get_secret_value()).password for url in urls if url is not None]
    logins = (settings.flower.basic_auth, settings.web.basic_auth)
    found += [login.get_secret_value().partition(":")[2] for login in logins if login is not None]
    token = settings.web.metrics_token
    found.append(None if token is None else token.get_secret_value())
    for password in filter(None, found):
        yield from (one for one in (password, unquote(password)) if len(one) >= _SHORTEST)
