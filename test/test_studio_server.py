"""What the served page listens to, and that every way in asks for the token."""

import base64
import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from motionclip_ros.studio.guard import HEADERS

ELSEWHERE = '127.0.0.2'
"""This machine, by an address that counts as another one."""

_COMMAND = """
from motionclip_ros.__main__ import main
from motionclip_ros.studio.service import Service

async def nothing(*_):
    pass

Service.warm_up = nothing  # nobody performs anything here
main()
"""


class Served(NamedTuple):
    process: subprocess.Popen
    address: str


def _serve(log: Path, *arguments: str) -> subprocess.Popen:
    # NiceGUI would take the server for one of its own tests.
    environment = {k: v for k, v in os.environ.items() if not k.startswith('PYTEST')}
    with log.open('wb') as output:
        return subprocess.Popen(
            [sys.executable, '-c', _COMMAND, 'studio', '--no-ros', '--no-browser', *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )


@pytest.fixture(scope='module')
def servers(tmp_path_factory) -> Iterator[dict[str, Served]]:
    """One as it comes, one that listens beyond this machine."""
    folder = tmp_path_factory.mktemp('servers')
    started = {
        'local': _serve(folder / 'local', '--port', '0'),
        'remote': _serve(folder / 'remote', '--port', '0', '--host', ELSEWHERE),
    }
    try:
        found = {}
        for name, process in started.items():
            end = time.monotonic() + 90.0
            while not (said := re.search(r'http://\S+', (folder / name).read_text())):
                assert process.poll() is None, (folder / name).read_text()
                assert time.monotonic() < end, f'{name} was not served'
                time.sleep(0.1)
            found[name] = Served(process, said[0])
            while not listening(process.pid):
                assert time.monotonic() < end, f'{name} does not listen'
                time.sleep(0.1)
        yield found
    finally:
        for process in started.values():
            process.send_signal(signal.SIGINT)
        for process in started.values():
            process.wait(30.0)


def listening(pid: int) -> set[str]:
    """Addresses on which a process waits for TCP connections, as the kernel writes them."""
    own = set()
    for file in Path(f'/proc/{pid}/fd').iterdir():
        try:
            own.add(os.readlink(file))
        except OSError:  # closed meanwhile
            continue
    found = set()
    for table in ('tcp', 'tcp6'):
        path = Path(f'/proc/{pid}/net/{table}')
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            words = line.split()
            if words[3] == '0A' and f'socket:[{words[9]}]' in own:
                found.add(words[1].partition(':')[0])
    return found


def ask(address: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of an answer."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30.0)
    try:
        connection.request(
            'GET', path, headers={k.replace('_', '-'): v for k, v in headers.items()}
        )
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        # A websocket that is let in never ends.
        body = b'' if answer.status == 101 else answer.read()
        return answer.status, found, body.decode(errors='replace')
    finally:
        connection.close()


def test_by_itself_the_page_is_for_this_machine_alone(servers) -> None:
    assert listening(servers['local'].process.pid) == {'0100007F'}  # 127.0.0.1
    assert 'token' not in servers['local'].address
    assert ask(servers['local'].address, '/')[0] == 200


def test_an_address_beyond_this_machine_gets_a_token_that_is_said(servers) -> None:
    assert listening(servers['remote'].process.pid) == {'0200007F'}
    address = servers['remote'].address
    assert re.fullmatch(rf'http://{re.escape(ELSEWHERE)}:\d+/\?token=[\w-]{{32}}', address)


UPGRADE = {
    'Connection': 'Upgrade',
    'Upgrade': 'websocket',
    'Sec_WebSocket_Version': '13',
    'Sec_WebSocket_Key': base64.b64encode(bytes(16)).decode(),
}


def test_every_way_in_asks_for_the_token(servers) -> None:
    address = servers['remote'].address
    status, headers, _ = ask(address, address[address.index('/?') :])
    assert (status, headers['location']) == (303, '/')
    cookie = headers['set-cookie'].partition(';')[0]
    page = ask(address, '/', cookie=cookie)
    assert page[0] == 200
    scripts = sorted(set(re.findall(r'(?:src|href)="(/_nicegui/[^"]+)"', page[2])))
    assert len(scripts) > 3
    ways = [
        '/',
        '/nothing',
        *scripts,
        '/shapes/person',
        '/poses/take/person',
        '/docs',
        '/openapi.json',
        '/_nicegui_ws/socket.io/?EIO=4&transport=polling',
    ]
    for way in ways:
        for shown in ({}, {'cookie': 'motionclip_studio=guess'}):
            status, headers, body = ask(address, way, **shown)
            assert status == 401, way
            assert len(body) < 200
            assert {name.lower() for name in HEADERS} <= set(headers)
        assert ask(address, way, cookie=cookie)[0] != 401, way
    socket = '/_nicegui_ws/socket.io/?EIO=4&transport=websocket'
    assert ask(address, socket, **UPGRADE)[0] == 403
    assert ask(address, socket, **UPGRADE, cookie=cookie)[0] == 101


def test_the_page_names_no_other_host(servers) -> None:
    _, _, body = ask(servers['local'].address, '/')
    assert not re.findall(r'(?:src|href|url|from|import)\W{1,3}(?:https?:)?//[^"\'\s)]+', body)
