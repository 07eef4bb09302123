"""One test for a law of hundreds of modules: a test for each of them takes longer to start and report than to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def of_each(names: Iterable[str]) -> Callable[[Callable[[str], None]], Callable[[], None]]:
    """Make a test of a law that takes one name: it checks all `names`, and fails with the words of every failure."""
    checked = list(names)

    def made(law: Callable[[str], None]) -> Callable[[], None]:
        def test() -> None:
            broken = list[str]()
            for name in checked:
                try:
                    law(name)
                except AssertionError as exc:
                    broken.append(f"{name}: {exc}")
            assert checked, "there is nothing to check"
            assert not broken, "\n".join(broken)

        test.__name__, test.__doc__ = law.__name__, law.__doc__
        return test

    return made
