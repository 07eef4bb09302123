"""Takes secrets and miners' ids out of texts before anybody sees them: as they are, escaped for a URL, or in base64."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote, urlsplit

from config.hiding import without_addresses
from config.load import MASK
from config.settings import Settings
from config.tree import secret_values
from fleet.domain.miner_names import IdHider, distinct_names

#: shorter secrets are too likely to be a part of ordinary words
_SHORTEST = 6
#: a word that may be base64 of a secret
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")


def hider(settings: Settings, more: Iterable[str] = (), names: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """A function that replaces each secret of the settings by ********, and each miner's id by its name.

    `more` are secrets beside the settings, and `names` maps further ids of miners to their names.
    """
    given = [(miner.id.lower(), miner.name or "") for miner in settings.miner]
    if settings.id is not None:
        given.append((settings.id.lower(), ""))
    by_name = IdHider({**distinct_names(given), **(names or {})})
    secrets = {one for one in (*passwords(settings), *more) if len(one) >= _SHORTEST}
    forms = sorted({form for one in secrets for form in _forms(one)}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, forms)), re.IGNORECASE) if forms else None

    def plain(text: str) -> str:
        masked = text if pattern is None else pattern.sub(MASK, text)
        return without_addresses(by_name(masked))

    def word(found: re.Match[str]) -> str:
        return MASK if any(plain(one) != one for one in _decoded(found[0])) else found[0]

    return lambda text: plain(_BASE64.sub(word, text))


def passwords(settings: Settings) -> Iterator[str]:
    """All secrets of the settings: each whole, and the passwords, paths and options of those that are URLs."""
    for value in secret_values(settings):
        yield value
        if "://" not in value:
            # a page's login
            yield value.partition(":")[2]
            continue
        for word in value.split():
            yield word
            yield from _parts(word)


def _parts(url: str) -> Iterator[str]:
    """The parts of a URL that may be secret; a service for alerts keeps its token in the path."""
    parts = urlsplit(url)
    found = [parts.password or ""]
    if not parts.scheme.startswith(("redis", "http", "socks", "postgresql")):
        found += [parts.username or "", *parts.path.split("/"), *re.split("[&=]", parts.query)]
    for one in found:
        yield from (one, unquote(one))


def _forms(secret: str) -> set[str]:
    """A secret as it is, and escaped for a URL or JSON."""
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}


def _decoded(word: str) -> Iterator[str]:
    """What a word may mean in base64, wherever in it the base64 begins."""
    usual = word.replace("-", "+").replace("_", "/")
    for skipped in range(4):
        text = usual[skipped:]
        whole = text[: len(text) - (len(text) % 4 == 1)]
        yield binascii.a2b_base64(whole + "=" * (-len(whole) % 4)).decode("latin-1")
