"""Who may talk to the page."""

import asyncio
from urllib.parse import urlsplit

import pytest

from motionclip_ros.studio.guard import HEADERS, LOCAL, Guard, entrance, new_token

TOKEN = 'a-long-word-that-nobody-guesses'


async def _page(scope, receive, send):
    kind = 'http.response.start' if scope['type'] == 'http' else 'websocket.accept'
    await send({'type': kind, 'status': 200, 'headers': []})
    if scope['type'] == 'http':
        await send({'type': 'http.response.body', 'body': b'page'})


def ask(guard: Guard, path: str = '/', kind: str = 'http', **headers: str):
    """Send a request; returns status (or websocket message) and headers."""
    address = urlsplit(path)
    headers = {'host': '127.0.0.1:8765', **headers}
    scope = {
        'type': kind,
        'method': 'GET',
        'path': address.path,
        'query_string': address.query.encode(),
        'headers': [(k.replace('_', '-').encode(), v.encode()) for k, v in headers.items()],
    }
    sent: list[dict] = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {'type': f'{kind}.connect'}

    asyncio.run(guard(scope, receive, send))
    first = sent[0]
    found = {name.decode(): value.decode() for name, value in first.get('headers', [])}
    return first['status'] if kind == 'http' else first['type'], found


@pytest.fixture
def local() -> Guard:
    return Guard(_page, LOCAL)


@pytest.fixture
def remote() -> Guard:
    return Guard(_page, None, TOKEN)


@pytest.mark.parametrize('host', ['127.0.0.1:8765', 'localhost:8765', '[::1]:8765', 'localhost'])
def test_this_machine_comes_in(local, host) -> None:
    assert ask(local, host=host)[0] == 200
    assert ask(local, host=host, origin=f'http://{host}')[0] == 200


@pytest.mark.parametrize(
    'host', ['evil.example:8765', '127.0.0.1.evil.example', 'localhost.evil.example', '', '[', '@']
)
def test_a_foreign_name_for_this_machine_is_refused(local, host) -> None:
    """A site whose name was made to resolve to 127.0.0.1 (DNS rebinding)."""
    assert ask(local, host=host)[0] == 421
    assert ask(local, kind='websocket', host=host)[0] == 'websocket.close'


@pytest.mark.parametrize('origin', ['http://evil.example', 'http://127.0.0.1:9999', 'null', ''])
@pytest.mark.parametrize('kind', ['http', 'websocket'])
def test_other_sites_are_refused(local, origin, kind) -> None:
    assert ask(local, kind=kind, origin=origin)[0] in (403, 'websocket.close')


def test_other_sites_may_link_to_the_page_but_not_fetch_it(local) -> None:
    site = {'sec_fetch_site': 'cross-site'}
    assert ask(local, sec_fetch_mode='navigate', **site)[0] == 200
    assert ask(local, sec_fetch_mode='no-cors', **site)[0] == 403


def test_beyond_this_machine_nobody_comes_in_without_the_token(remote) -> None:
    host = 'lab.example:8765'
    assert ask(remote, host=host)[0] == 401
    assert ask(remote, '/?token=guess', host=host)[0] == 401
    assert ask(remote, host=host, cookie='motionclip_studio=guess')[0] == 401
    assert ask(remote, kind='websocket', host=host)[0] == 'websocket.close'
    assert ask(remote, f'/?token={TOKEN}', 'websocket', host=host)[0] == 'websocket.close'


def test_the_token_is_shown_once_and_becomes_a_cookie(remote) -> None:
    host = 'lab.example:8765'
    status, headers = ask(remote, f'/?token={TOKEN}', host=host)
    assert (status, headers['location']) == (303, '/')
    cookie = headers['set-cookie']
    assert 'httponly' in cookie.lower()
    assert 'samesite=strict' in cookie.lower()
    pair = cookie.split(';')[0]
    assert ask(remote, host=host, cookie=pair)[0] == 200
    assert ask(remote, kind='websocket', host=host, cookie=pair)[0] == 'websocket.accept'
    assert ask(remote, host=host, cookie=pair, origin='http://evil.example')[0] == 403


def test_only_this_machine_does_without_a_token() -> None:
    assert [new_token(host) for host in LOCAL] == [None] * 3
    tokens = {new_token('0.0.0.0') for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 32 for token in tokens)
    assert entrance(None) == '/'
    assert entrance('x') == '/?token=x'


@pytest.mark.parametrize('path', ['/', '/?token=guess', f'/?token={TOKEN}'])
def test_every_answer_forbids_frames_other_hosts_and_referrers(local, remote, path) -> None:
    wanted = {name.lower(): value for name, value in HEADERS.items()}
    for guard in (local, remote):
        for headers in ({}, {'origin': 'http://evil.example'}):
            assert wanted.items() <= ask(guard, path, **headers)[1].items()
    policy = HEADERS['Content-Security-Policy']
    assert "frame-ancestors 'none'" in policy
    assert not [word for word in policy.split() if '://' in word or word in ('*', 'https:')]


def test_the_token_is_compared_in_constant_time(remote, monkeypatch) -> None:
    compared = []
    monkeypatch.setattr(
        'hmac.compare_digest', lambda shown, token: compared.append(shown) or shown == token
    )
    ask(remote, '/?token=guess', cookie='motionclip_studio=other')
    assert compared == [b'guess', b'other']
