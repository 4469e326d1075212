"""What doctor finds from the operator's machine, on addresses of this one."""

import socket

import pytest

from deploy.cli import doctor


def report(**values: object) -> dict[str, object]:
    return {"address": "127.0.0.1", "faults": [], "findings": [], "server_names": []} | values


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch):
    """A port in the place of the site's; once its queue is full it answers nobody, as behind a firewall."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        monkeypatch.setattr(doctor, "HTTP_PORT", server.getsockname()[1])
        monkeypatch.setattr(doctor, "CONNECT_SECONDS", 1)
        yield server


def test_port_that_a_firewall_drops_is_said(listener):
    address = listener.getsockname()
    waiting = [socket.socket() for _ in range(4)]
    try:
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex(address)
        (finding,) = doctor.host_findings(report())
    finally:
        for connection in waiting:
            connection.close()
    assert not finding.good
    assert finding.observation == f"port {address[1]} of 127.0.0.1 doesn't answer this machine within 1 s"


def test_port_that_answers_or_refuses_is_passed_over(listener):
    assert list(doctor.host_findings(report())) == []
    listener.close()
    assert list(doctor.host_findings(report())) == []


def test_faults_of_the_preflight_are_findings(listener):
    (finding,) = doctor.host_findings(report(faults=["It runs Ubuntu."]))
    assert (finding.good, finding.observation, finding.advice) == (False, "It runs Ubuntu.", "")
