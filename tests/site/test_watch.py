"""The watch over a new release, where the release before doesn't answer either."""

import json

import pytest

from tests.site.common import current, play

pytestmark = pytest.mark.debian(13)

FALLS = "kill -KILL $(systemctl show --value --property=MainPID {unit}-{release})"
SECONDS = 25


@pytest.mark.long
def test_watch_asks_the_release_before_it_goes_back_to_it(hosts, host, project, on):
    """A release that runs and answers nothing is no way back; once it answers, it is."""
    values = hosts.values[host.name]
    unit, root = values["systemd_unit"], values["app_root"]
    before = current(hosts, on)[host.name]
    assert play(hosts, project, "-e", "app_max_rows=3106", "-e", "release_watch_seconds=0").returncode == 0
    release = current(hosts, on)[host.name]
    on(host, f"systemctl kill --signal=STOP {unit}-{before}; {FALLS.format(unit=unit, release=release)}")
    look = f"cd {root}/current && timeout 90 python3 -m host watch {release}"
    output = on(host, f"{look} 4")
    assert f"{release}: the unit is " in output and f"; {before} can't take over: health: " in output
    assert f"the site is left to {release}" in output and output.count("left to") == 1
    assert current(hosts, on)[host.name] == release
    last = json.loads(on(host, f"tail -n 1 {root}/shared/deploys.jsonl"))
    assert (last["what"], last["result"]) == ("stayed", "bad") and "can't take over" in last["reason"]
    on(host, f"systemctl kill --signal=CONT {unit}-{before}")
    assert f"the site is answered by {before} again" in on(host, f"{look} {SECONDS}")
    assert current(hosts, on)[host.name] == before
    assert play(hosts, project).returncode == 0
