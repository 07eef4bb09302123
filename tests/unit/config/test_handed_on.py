"""No process but the coordinator's gets a secret that it has no use for."""

from __future__ import annotations

from config.handed_on import handed_on
from config.settings import Settings
from config.sources import variable
from config.tree import leaves


def test_of_all_secrets_only_those_of_redis_flower_and_workers_are_handed_on() -> None:
    secrets = {variable(leaf.name): "a-secret" for leaf in leaves(Settings) if leaf.secret}
    assert len(secrets) > 5
    assert set(handed_on(secrets)) == {"FLEET_REDIS_URL", "FLEET_FLOWER__BASIC_AUTH", "FLEET_WORKER__KEY"}
    assert handed_on({name.lower(): "a-secret" for name in secrets if "WEB__" in name}) == {}
