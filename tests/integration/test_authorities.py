"""Who may vouch for a server: a certificate of one's own authority, and the file that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.errors import UnknownHost, Untrusted, WrongSetting
from fleet.server.http.authorities import check_authorities
from fleet.server.http.choice import EngineName
from fleet.server.http.interface import Request
from tests.integration.test_spent_connections import waited
from tests.support.engines import transport_by
from tests.support.wrong_servers import SIGN_IN, server_that


def test_a_certificate_of_an_unknown_authority_is_untrusted_until_the_authority_is_named(
    engine: EngineName, tmp_path: Path
) -> None:
    with server_that(SIGN_IN, certified_in=tmp_path) as url:
        with transport_by(engine) as transport, pytest.raises(Untrusted):
            waited(transport, transport.send, Request(url=url))
        authority = tmp_path / "ca.crt"
        check_authorities(authority)
        with transport_by(engine, ca_file=authority) as transport:
            assert waited(transport, transport.send, Request(url=url)).status == 200


def test_a_name_that_does_not_resolve_is_an_unknown_host(engine: EngineName) -> None:
    with transport_by(engine) as transport, pytest.raises(UnknownHost):
        waited(transport, transport.send, Request(url="http://no-such-host.invalid"))


def test_no_file_of_authorities_needs_no_check() -> None:
    check_authorities(None)


def test_a_file_of_authorities_that_is_not_there_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=r"^FLEET_HTTP__CA_FILE: .*/none.pem: No such file or directory$"):
        check_authorities(tmp_path / "none.pem")


@pytest.mark.parametrize(
    "text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_a_certificate_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(text)
    with pytest.raises(WrongSetting, match="holds no certificate in PEM form"):
        check_authorities(path)
