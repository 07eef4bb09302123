"""Payments as a directed graph of addresses: fans, and which payments lie on a cycle."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence

Edges = set[tuple[str, str]]


def fans(edges: Iterable[tuple[str, str]]) -> tuple[Counter[str], Counter[str]]:
    """Number of distinct receivers of each sender, and of distinct senders of each receiver."""
    distinct = set(edges)
    return Counter([sender for sender, _ in distinct]), Counter([receiver for _, receiver in distinct])


def on_cycle(senders: Sequence[str], receivers: Sequence[str]) -> list[bool]:
    """For each payment, whether the money can come back: sender and receiver differ and each can reach the other.

    Linear in the number of payments. The empty address is unknown and joins nothing.
    """
    pairs = list(zip(senders, receivers, strict=True))
    if _forward_only(pairs):
        return [False] * len(pairs)
    edges = _core({pair for pair in pairs if pair[0] != pair[1] and "" not in pair})
    if not edges:
        return [False] * len(pairs)
    component = _components(edges)
    return [pair in edges and component[pair[0]] == component[pair[1]] for pair in pairs]


def _forward_only(pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether each payment goes to an address first seen after its sender, as in the servers' chains: no cycle then."""
    place: dict[str, int] = {}
    return all(place.setdefault(s, len(place)) < place.setdefault(r, len(place)) for s, r in pairs)


def _core(edges: Edges) -> Edges:
    """The edges that remain after repeatedly removing those that start at an address nobody pays.

    The usual chain of payments vanishes here, so that the walk below is rarely needed.
    """
    following = defaultdict(list)
    for sender, receiver in edges:
        following[sender].append(receiver)
    payers = Counter([receiver for _, receiver in edges])
    sources = [sender for sender in following if sender not in payers]
    gone: set[str] = set()
    while sources:
        source = sources.pop()
        gone.add(source)
        for receiver in following.get(source, ()):
            payers[receiver] -= 1
            if not payers[receiver]:
                sources.append(receiver)
    return {edge for edge in edges if edge[0] not in gone}


def _components(edges: Edges) -> dict[str, int]:
    """The number of each address's strongly connected component (Kosaraju: two walks, the second one backwards)."""
    following, preceding = defaultdict(list), defaultdict(list)
    for sender, receiver in edges:
        following[sender].append(receiver)
        preceding[receiver].append(sender)
    finished: dict[str, None] = {}
    for root in following:
        finished.update(dict.fromkeys(_finishing(root, following, finished)))
    component: dict[str, int] = {}
    for number, root in enumerate(reversed(finished)):
        for address in _finishing(root, preceding, component):
            component[address] = number
    return component


def _finishing(root: str, steps: dict[str, list[str]], done: Container[str]) -> list[str]:
    """Addresses that the root can reach and that are not yet done, each after all that it leads to."""
    if root in done:
        return []
    order, entered = [], {root}
    stack = [(root, iter(steps.get(root, ())))]
    while stack:
        address, ahead = stack[-1]
        for step in ahead:
            if step not in entered and step not in done:
                entered.add(step)
                stack.append((step, iter(steps.get(step, ()))))
                break
        else:
            stack.pop()
            order.append(address)
    return order
