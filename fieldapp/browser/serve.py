"""Serves the screen to a browser, and decides who gets in, from where, and what the page may load.

The server listens on one address, which is of this machine only unless another is asked for. The address to open holds
a token that starts one session, once. After that a cookie lets the page in; no script can read it and no other site can
send it. The program behind the page asks for a passphrase like any other, and is read-only unless ``write`` is set.
A file that the program makes (a report) is fetched under an address of its own, once, by whom the page lets in. It is
saved, never shown: it may be a page itself.
The page loads nothing from elsewhere: its terminal and font come from the package ``textual-serve``. That package's own
page loads its font from the network, so it is not used.
"""

import asyncio
import ipaddress
import json
import re
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import jinja2
import textual_serve
from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import Download, DownloadManager

from fieldapp.errors import FieldappError, os_error_text
from fieldapp.i18n import _

COOKIE = "fieldapp"
LOOPBACK = "127.0.0.1"
PATIENCE = 10.0
"""Seconds that a program has to end after its page was closed"""
LARGEST = 1 << 20
"""Most bytes of one message of the page: enough for a long paste"""
MOST_PAGES = 8
"""Pages at a time; behind each is a program of its own"""
MOST_CONNECTIONS = 128
"""Connections at a time, also of those who get no further; what comes beyond is closed at once"""
STATIC = Path(textual_serve.__file__).parent / "static"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Downloads(DownloadManager):
    """Files that programs have ready for their pages. Each is fetched once."""

    def __init__(self) -> None:
        super().__init__()
        self._fetched: set[str] = set()

    async def take(self, key: str) -> Download | None:
        """The file with a key; None if there is none, or it was fetched already."""
        if key in self._fetched:
            return None
        with suppress(KeyError):
            found = await self.get_download_metadata(key)
            self._fetched.add(key)
            return found
        return None

    async def download(self, delivery_key: str) -> AsyncGenerator[bytes, None]:
        """The parts of a file. They end too early where its program has ended, or does not answer."""
        # then the package forgets the file twice, or counts a part that never came
        with suppress(KeyError, ValueError):
            async for chunk in super().download(delivery_key):
                yield chunk
        self._active_downloads.pop(delivery_key, None)

    def forget(self, program: "Program") -> None:
        """Forget what nobody fetched from a program that has ended."""
        for key, download in list(self._active_downloads.items()):
            if download.app_service is program:
                del self._active_downloads[key]


class Program(AppService):
    """One program behind one page; started without a shell."""

    def __init__(self, arguments: Sequence[str], websocket: web.WebSocketResponse, downloads: Downloads) -> None:
        super().__init__(
            "fieldapp",
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=self._close,
            download_manager=downloads,
        )
        self._arguments = arguments
        self._websocket = websocket

    async def _close(self) -> None:
        await self._websocket.close()

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = self._build_environment(width=width, height=height)
        process = await asyncio.create_subprocess_exec(
            *self._arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment
        )
        self._process, self._stdin = process, process.stdin
        return process

    async def stop(self) -> None:
        """Let the program end, so that typed text becomes a draft. Kill it if it does not end in time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(super().stop(), PATIENCE)
        if self._process is not None and self._process.returncode is None:
            try:
                await asyncio.wait_for(self._process.wait(), PATIENCE)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


class BrowserServer:
    """The web application: the page, the files of its terminal, and for each page a socket to a separate program."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """``arguments``: the program and its arguments."""
        self._arguments = arguments
        self._token: str | None = secrets.token_urlsafe(32)
        self._session = secrets.token_urlsafe(32)
        self._hosts: frozenset[str] = frozenset()
        self._open: set[web.WebSocketResponse] = set()
        self._downloads = Downloads()
        self._page = jinja2.Environment(autoescape=True).from_string(_package_file("page.html.j2"))
        self.application = web.Application(middlewares=[self._guard])
        self.application.on_response_prepare.append(self._set_security_headers)
        self.application.on_shutdown.append(self._close_all)
        self.application.add_routes(
            [
                web.get("/", self._index, allow_head=False),
                web.get("/page.js", self._script, allow_head=False),
                web.get("/ws", self._socket, allow_head=False),
                web.get("/download/{key}", self._download, allow_head=False),
                web.static("/static", STATIC),
            ]
        )

    def opened(self, address: str, port: int) -> str:
        """Accept only requests for this address and port; returns the address to open, which works once."""
        shown = f"[{address}]" if ":" in address else address
        names = [shown, *(["localhost"] if ipaddress.ip_address(address).is_loopback else [])]
        self._hosts = frozenset(f"{name}:{port}" for name in names)
        return f"http://{shown}:{port}/?token={self._token}"

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in requests that have the cookie and come from our own page.

        A request for another host name comes from a page whose name was pointed at our address (DNS rebinding). A
        request of another origin comes from a page of another site.
        """
        origin = request.headers.get("Origin")
        here = (
            request.host in self._hosts
            and origin in (None, f"http://{request.host}")
            and request.headers.get("Sec-Fetch-Site") not in ("cross-site", "same-site")
            and not (request.path == "/ws" and origin is None)
        )
        if not here:
            return self._refused()
        if request.path == "/" and "token" in request.query:
            return self._exchange_token(request.query["token"])
        if not _same(request.cookies.get(COOKIE), self._session):
            return self._refused()
        return await handler(request)

    def _exchange_token(self, given: str) -> web.Response:
        """Give the cookie in exchange for the token, once."""
        if not _same(given, self._token):
            return self._refused()
        self._token = None
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(COOKIE, self._session, httponly=True, samesite="Strict")
        return response

    def _refused(self) -> web.Response:
        sentence = _(
            "You cannot get in this way. The address opens one browser, once: end `fieldapp serve`, and start it again."
        )
        text = self._page.render(title="fieldapp", refused=sentence)
        return web.Response(status=403, text=text, content_type="text/html")

    async def _set_security_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Forbid the browser to load from elsewhere, to show the page in a frame, and to cache it."""
        response.headers.update(
            {
                "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
                " font-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
                f" connect-src 'self'{f' ws://{request.host}' if request.host in self._hosts else ''}",
                "Cache-Control": "no-store",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
            }
        )

    async def _index(self, request: web.Request) -> web.Response:
        text = self._page.render(
            title=_("Field records of the border post"),
            websocket=f"ws://{request.host}/ws",
            ended=_("The program has ended."),
            again=_("Open it again"),
        )
        return web.Response(text=text, content_type="text/html")

    async def _script(self, _request: web.Request) -> web.Response:
        return web.Response(text=_package_file("page.js"), content_type="text/javascript")

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        """Run a separate program for each page; it ends with the page."""
        if len(self._open) >= MOST_PAGES:
            raise web.HTTPServiceUnavailable(text=_("Too many pages are open. Close one, then open it again."))
        websocket = web.WebSocketResponse(heartbeat=15, max_msg_size=LARGEST)
        self._open.add(websocket)
        try:
            await websocket.prepare(request)
            await self._run(websocket, request)
        finally:
            self._open.discard(websocket)
        return websocket

    async def _run(self, websocket: web.WebSocketResponse, request: web.Request) -> None:
        program = Program(self._arguments, websocket, self._downloads)
        await program.start(*(_size(request.query.get(name), least) for name, least in (("width", 80), ("height", 24))))
        try:
            async for message in websocket:
                if message.type is not WSMsgType.TEXT or not await _pass_on(program, websocket, message.data):
                    break
        finally:
            await program.stop()
            self._downloads.forget(program)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """Send a file that a program has made for its page, to be saved. What is cut off lacks bytes of its length."""
        key = request.match_info["key"]
        found = await self._downloads.take(key)
        if found is None:
            raise web.HTTPNotFound(text=_("This file was fetched already, or is not there. Make it again."))
        name = re.sub(r"[^A-Za-z0-9._-]", "_", found.file_name)
        response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
        response.content_type = "application/octet-stream"
        if found.name is not None and found.name.isdecimal():
            response.content_length = int(found.name)
        response.force_close()  # so that the browser does not wait for what does not come
        await response.prepare(request)
        async for chunk in self._downloads.download(key):
            await response.write(chunk)
        await response.write_eof()
        return response

    async def _close_all(self, _application: web.Application) -> None:
        for websocket in list(self._open):
            if websocket.prepared:
                await websocket.close()


def _package_file(name: str) -> str:
    """A file of this package."""
    return (files("fieldapp") / "browser" / name).read_text(encoding="utf-8")


async def _pass_on(program: Program, websocket: web.WebSocketResponse, text: str) -> bool:
    """Pass a message of the page on to the program; False if our page never sends such a message."""
    try:
        sort, value = (*json.loads(text), None)[:2]
        match sort:
            case "stdin":
                await program.send_bytes(str(value).encode())
            case "resize":
                await program.set_terminal_size(_size(value["width"], 80), _size(value["height"], 24))
            case "ping":
                await websocket.send_json(["pong", value])
            case "focus":
                await program.focus()
            case "blur":
                await program.blur()
            case _:
                return False
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    return True


def _size(given: object, otherwise: int) -> int:
    """Columns or rows of a terminal, within limits; ``otherwise`` if ``given`` is not a number."""
    try:
        return min(max(int(str(given)), 10), 1000)
    except ValueError:
        return otherwise


def _same(given: str | None, secret: str | None) -> bool:
    return (
        given is not None
        and secret is not None
        and secrets.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())
    )


def checked_address(named: str, *, network: bool) -> str:
    """The address to listen on.

    One that other machines reach must be asked for twice, also by ``network``, because the traffic is not encrypted.
    """
    try:
        address = ipaddress.ip_address(LOOPBACK if named == "localhost" else named)
    except ValueError:
        raise FieldappError(_("{name} is no address: give numbers, such as 127.0.0.1.").format(name=named)) from None
    if address.is_unspecified:
        raise FieldappError(_("{name} means every network of this machine: name one address.").format(name=named))
    if not address.is_loopback and not network:
        raise FieldappError(
            _(
                "{name} can be reached from other machines, and everything would go there readable, the passphrase"
                " too. Nothing was opened. If that is wanted, give --network as well."
            ).format(name=named)
        )
    return str(address)


def program(home: Path, *, write: bool) -> list[str]:
    """The command that shows the screen of the replica in ``home``."""
    start = [sys.executable]
    if not getattr(sys, "frozen", False):
        start += ["-P", "-c", "from fieldapp.cli import main; main()"]
    return [*start, "--home", str(home.absolute()), *([] if write else ["--read-only"])]


async def serve(server: BrowserServer, address: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until the task is cancelled. ``port`` 0: a free one. ``announce`` is called with the address to open."""
    runner = web.AppRunner(server.application, access_log=None, shutdown_timeout=2 * PATIENCE)
    await runner.setup()
    listening = None
    try:
        try:
            listening = await asyncio.get_running_loop().create_server(_bounded(runner.server), address, port)
        except OSError as error:
            raise FieldappError(
                _("{address} port {port} cannot be opened: {why}.").format(
                    address=address, port=port, why=os_error_text(error)
                )
            ) from error
        announce(server.opened(address, listening.sockets[0].getsockname()[1]))
        await asyncio.Event().wait()
    finally:
        if listening is not None:
            listening.close()
        await runner.cleanup()


def _bounded(server: web.Server | None) -> Callable[[], asyncio.BaseProtocol]:
    """Who answers a new connection: the server, or, when there are too many, somebody who closes it."""
    assert server is not None
    return lambda: server() if len(server.connections) < MOST_CONNECTIONS else _Closing()


class _Closing(asyncio.Protocol):
    """Closes its connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
