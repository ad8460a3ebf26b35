"""Who may talk to the page: this machine alone, or whoever has the token; no foreign site."""

import hmac
import secrets
from collections.abc import Iterable
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_COOKIE = 'motionclip_studio'
LOCAL = ('127.0.0.1', 'localhost', '::1')

# The page's own scripts are written into it and compile its templates as they run; what they
# load and whom they talk to is this server alone.
_POLICY = (
    "default-src 'self'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; "
    "font-src 'self' data:; "
    "connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

HEADERS = {
    'Content-Security-Policy': _POLICY,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
}
"""What browsers are told with every answer: no frames, no other hosts, and no word of the address,
which may hold the token, to anybody."""


def new_token(host: str) -> str | None:
    """Return what visitors have to show, for a server that listens beyond this machine."""
    return None if host in LOCAL else secrets.token_urlsafe(24)


def entrance(token: str | None) -> str:
    """Return the path by which a visitor comes in first."""
    return '/' if token is None else f'/?token={token}'


class Guard:
    """Middleware before everything else, pages and websockets alike.

    - The host that was asked for must be one of those that are served: a foreign name that
      resolves to this machine (DNS rebinding) is refused.
    - A request that says from which site it comes must come from the same one: other sites that
      are open in the browser can neither read nor send, nor show the page inside theirs.
    - With a token, a visitor shows it once in the address, then by a cookie.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] | None, token: str | None = None):
        """Wrap an application.

        Args:
            app: What is guarded.
            hosts: Host names and addresses by which it may be asked for; None for all, which
                only a token makes safe.
            token: What visitors have to know; None where only this machine can come in.
        """
        self._app, self._token = app, token
        self._hosts = None if hosts is None else frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope['type'] not in ('http', 'websocket'):
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message['type'] == 'http.response.start':
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, answer)
        elif scope['type'] == 'http':
            await refusal(scope, receive, answer)
        else:
            await receive()
            await send({'type': 'websocket.close', 'code': 1008})

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get('host', '')
        if self._hosts is not None and _name(f'//{host}') not in self._hosts:
            return PlainTextResponse('this page is not served under that name', 421)
        origin = headers.get('origin')
        if origin is not None and urlsplit(origin).netloc != host:
            return PlainTextResponse('requests from other sites are refused', 403)
        site = headers.get('sec-fetch-site', 'none')
        # Following a link to the page is harmless; fetching its parts from elsewhere is not.
        if site not in ('same-origin', 'none') and headers.get('sec-fetch-mode') != 'navigate':
            return PlainTextResponse('requests from other sites are refused', 403)
        return None if self._token is None else self._stranger(scope, headers, self._token)

    def _stranger(self, scope: Scope, headers: Headers, token: str) -> Response | None:
        """Refuse who does not know the token; whoever brings it in the address gets a cookie."""
        shown = parse_qs(scope.get('query_string', b'').decode('latin-1')).get('token', [''])[0]
        if scope['type'] == 'http' and _same(shown, token):
            answer = RedirectResponse(scope['path'], 303, {'Cache-Control': 'no-store'})
            answer.set_cookie(_COOKIE, token, httponly=True, samesite='strict')
            return answer
        cookie = SimpleCookie(headers.get('cookie', '')).get(_COOKIE)
        if cookie is not None and _same(cookie.value, token):
            return None
        return PlainTextResponse(
            'open the address with its token, as `motionclip studio` printed it', 401
        )


def _name(address: str) -> str:
    """Return the host of an address, without its port."""
    try:
        return urlsplit(address).hostname or ''
    except ValueError:
        return ''


def _same(shown: str, token: str) -> bool:
    return hmac.compare_digest(shown.encode(), token.encode())
