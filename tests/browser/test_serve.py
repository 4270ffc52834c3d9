"""`fieldapp serve`: who gets in, from where, and the program behind the page, driven by what the page sends."""

import asyncio
import contextlib
import io
import json
import re
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
import docx
import pyte
import pytest
from field import PASSPHRASE, Run, World
from sync_state import kept
from textual_serve import download_manager

from fieldapp.browser import serve
from fieldapp.errors import FieldappError
from fieldapp.reports.files import write
from fieldapp.reports.query import Query, period_of
from fieldapp.store import wall
from fieldapp.tui.screens.report import REPORTED_UNTIL

PATIENCE = 120.0
"""Seconds until what does not come is an error"""


class Visit:
    """A running server and one browser's cookies; ``url`` is the address that opens it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.root = url.partition("?")[0]
        self.session = session

    async def status(self, url: str = "", **headers: str) -> int:
        """What the server says to a request, without going on to where it sends."""
        async with self.session.get(url or self.root, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            return answer.status


@asynccontextmanager
async def served(world: World, home: str = "hq", *, write: bool = False) -> AsyncGenerator[Visit]:
    """The server on a free port, until the block ends."""
    announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    desk = serve.BrowserServer(serve.program(world.root / home, write=write))
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession(cookie_jar=jar) as session:
        running = asyncio.create_task(serve.serve(desk, "127.0.0.1", 0, announced.set_result))
        try:
            yield Visit(await announced, session)
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


async def test_the_address_opens_one_browser_once(world: World) -> None:
    async with served(world) as visit:
        assert await visit.status() == 403, "without the token"
        assert await visit.status(f"{visit.root}?token=guessed") == 403
        assert await visit.status(f"{visit.root}static/js/textual.js") == 403
        async with visit.session.get(visit.url, allow_redirects=False) as answer:
            assert answer.status == 303
            cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        assert await visit.status() == 200
        assert await visit.status(f"{visit.root}static/js/textual.js") == 200
        assert await visit.status(visit.url) == 403, "the token is used up, even for him who used it"
        visit.session.cookie_jar.clear()
        assert await visit.status(visit.url) == 403
        assert await visit.status() == 403


async def test_other_names_and_other_origins_are_refused(world: World) -> None:
    async with served(world) as visit:
        port = urlsplit(visit.root).port
        for name in ("evil.example", f"evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "0.0.0.0", f"[::1]:{port}"):
            assert await visit.status(visit.url, Host=name) == 403, name
        assert await visit.status(visit.url, Origin="http://evil.example") == 403
        assert await visit.status(visit.url) == 303, "none of them used the token up"
        assert await visit.status(**{"Sec-Fetch-Site": "cross-site"}) == 403
        assert await visit.status(**{"Sec-Fetch-Site": "same-site"}) == 403, "another port of this machine"
        assert await visit.status(**{"Sec-Fetch-Site": "same-origin"}) == 200
        assert await visit.status(f"http://localhost:{port}/") == 403, "the cookie is of the address that was opened"
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{port}x", f"https://127.0.0.1:{port}", None):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await visit.session.ws_connect(f"{visit.root}ws", headers={"Origin": origin} if origin else {})
            assert refused.value.status == 403, origin


async def test_it_listens_on_the_loopback_address_alone(world: World) -> None:
    async with served(world) as visit:
        port = urlsplit(visit.root).port
        others = {"127.0.0.2", *(i[4][0] for i in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET))}
        for other in others - {"127.0.0.1"}:
            with pytest.raises(OSError):
                await asyncio.wait_for(asyncio.open_connection(str(other), port), 5)


async def asked(visit: Visit, cookie: bytes) -> bytes:
    """The first line of the answer to a request with these bytes as its cookie."""
    where = urlsplit(visit.root)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: " + where.netloc.encode() + b"\r\nCookie: " + cookie + b"\r\n\r\n")
    line = await reader.readline()
    writer.close()
    return line


@pytest.mark.parametrize("value", ["ế".encode(), b"\xff\xfe", b"\xed\xa0\x80", b"x" * 5000, b'"\\377"', b""])
async def test_a_cookie_of_any_bytes_is_refused(world: World, value: bytes) -> None:
    async with served(world) as visit:
        assert b" 403 " in await asked(visit, b"fieldapp=" + value)


async def test_pages_and_connections_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "MOST_PAGES", 1)
    monkeypatch.setattr(serve, "MOST_CONNECTIONS", 4)
    async with served(world) as visit:
        await visit.status(visit.url)
        headers = {"Origin": visit.root.rstrip("/")}
        async with visit.session.ws_connect(f"{visit.root}ws", headers=headers):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await visit.session.ws_connect(f"{visit.root}ws", headers=headers)
            assert refused.value.status == 503
        where = urlsplit(visit.root)
        many = [await asyncio.open_connection(where.hostname, where.port) for _ in range(8)]
        ends = [asyncio.create_task(reader.read()) for reader, _writer in many]
        done, waiting = await asyncio.wait(ends, timeout=2)
        assert len(done) >= 4, "what came beyond the limit was closed"
        assert len(waiting) <= 4
        for task in (*done, *waiting):
            task.cancel()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await task
        for _reader, writer in many:
            writer.close()


@pytest.mark.parametrize(
    ("named", "network", "says"),
    [
        ("192.0.2.7", False, "--network"),
        ("0.0.0.0", True, "0.0.0.0"),
        ("::", True, "::"),
        ("máy-chỉ-huy", True, "127.0.0.1"),
    ],
)
def test_other_addresses_are_asked_for_twice(named: str, network: bool, says: str) -> None:
    with pytest.raises(FieldappError, match=re.escape(says)):
        serve.checked_address(named, network=network)


def test_addresses_that_are_taken() -> None:
    assert serve.checked_address("localhost", network=False) == "127.0.0.1"
    assert serve.checked_address("::1", network=False) == "::1"
    assert serve.checked_address("192.0.2.7", network=True) == "192.0.2.7"


def test_a_port_that_is_taken_is_said_in_a_sentence(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, out, err = run("serve", "--port", taken.getsockname()[1], home="hq")
    assert (code, out) == (1, "")
    assert str(taken) not in err and "127.0.0.1" in err


async def test_the_page_loads_nothing_from_elsewhere(world: World) -> None:
    async with served(world) as visit:
        await visit.status(visit.url)
        async with visit.session.get(visit.root) as answer:
            page = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
        here = urlsplit(visit.root).netloc
        loaded = re.findall(r"""(?:src|href)=["']([^"']*)|url\(["']?([^"')]*)""", page)
        assert {a or b for a, b in loaded} == {
            "data:,", "/", "/static/css/xterm.css", "/static/js/textual.js", "/page.js",
            "/static/fonts/RobotoMono-VariableFont_wght.ttf"}  # fmt: skip
        assert f'"ws://{here}/ws"' in page
        assert set(re.findall(r"\w+://[^\s/;]+", policy)) == {f"ws://{here}"}
        for path in {a or b for a, b in loaded if (a or b).startswith("/")}:
            assert await visit.status(visit.root.rstrip("/") + path) == 200, path


class Screen:
    """The page's terminal: what the program draws, and keys to it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.ready: list[str] = []
        """Keys of files that may be fetched"""
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)

    async def wait(self, words: str) -> None:
        """Draw what comes until ``words`` stand there."""
        try:
            async with asyncio.timeout(PATIENCE / 2):
                while words not in self.text:
                    message = await self._socket.receive()
                    if message.type is aiohttp.WSMsgType.TEXT:
                        sort, key = json.loads(message.data)
                        assert sort == "deliver_file_start"
                        self.ready.append(key)
                        continue
                    assert message.type is aiohttp.WSMsgType.BINARY, f"it ended: {message.type}\n{self.text}"
                    self._stream.feed(message.data.replace(b"\x1b[?2026$p", b""))
        except TimeoutError:
            raise AssertionError(f"“{words}” did not come:\n{self.text}") from None

    async def type(self, keys: str) -> None:
        await self._socket.send_str(json.dumps(["stdin", keys]))


@asynccontextmanager
async def opened(visit: Visit) -> AsyncGenerator[Screen]:
    """The first screen, unlocked, as the page would show it."""
    await visit.status(visit.url)
    origin = visit.root.rstrip("/")
    async with visit.session.ws_connect(f"{visit.root}ws?width=80&height=24", headers={"Origin": origin}) as socket:
        screen = Screen(socket)
        await screen.wait("Mật khẩu")
        await screen.type(PASSPHRASE + "\r")
        await screen.wait("F1 Giúp")
        await screen.wait("F8 Báo cáo")
        yield screen


F2, F3, F8, DOWN, ESC = "\x1bOQ", "\x1bOR", "\x1b[19~", "\x1b[B", "\x1b"


async def test_from_the_passphrase_to_a_bar_and_the_record_behind_it(openable: World, world: World) -> None:
    month = date.today() - timedelta(days=REPORTED_UNTIL)  # F8 opens on it
    world.well(date_from=str(month), hamlet="Buôn Ba Na")
    world.carry(world.post, world.hq)
    before = kept(world.hq)
    async with served(world) as visit, opened(visit) as screen:
        assert "Chỉ xem" in screen.text
        assert "F2" not in screen.text and "F9" not in screen.text
        await screen.type(F8)
        await screen.wait("BÁO CÁO")
        await screen.type(F8)
        await screen.wait("█")
        await screen.type("\r")
        await screen.wait("tổng:")
        await screen.type("\r")
        await screen.wait("Buôn Ba Na")
        await screen.wait("Lịch sử")
        await screen.type(F2)
        await screen.type(F8)
    assert kept(world.hq) == before


@pytest.mark.parametrize("write", [True, False])
async def test_a_form_opens_only_where_it_was_asked_for(openable: World, world: World, write: bool) -> None:
    async with served(world, "post", write=write) as visit, opened(visit) as screen:
        assert ("F2" in screen.text) == write
        await screen.type(F2)
        if write:
            await screen.wait("Chọn nội dung cần ghi")
        else:
            await screen.wait("chỉ để xem")


async def test_a_report_and_a_paper_are_fetched_once_by_the_page_alone_although_nothing_may_be_changed(
    openable: World, world: World
) -> None:
    world.well(date_from=str(date.today()))
    world.carry(world.post, world.hq)
    before = kept(world.hq)
    async with served(world) as visit, opened(visit) as screen:
        await screen.type(F8)
        await screen.wait("F2 Tệp")
        await screen.type(F2)
        await screen.wait("về trình duyệt này")
        await screen.type(DOWN * 5 + "\r")  # a page with charts: it could run in the page's own place
        await screen.wait("đang về trình duyệt")
        (key,) = screen.ready
        address = f"{visit.root}download/{key}"
        assert await visit.status(address, Origin="http://evil.example") == 403
        assert await visit.status(address, **{"Sec-Fetch-Site": "same-site"}) == 403
        async with aiohttp.ClientSession() as stranger, stranger.get(address) as answer:
            assert answer.status == 403
        async with visit.session.get(address) as answer:
            data = await answer.read()
            assert (answer.status, answer.content_type) == (200, "application/octet-stream")
            assert answer.content_length == len(data)
            assert answer.headers["Content-Disposition"].startswith('attachment; filename="bao-cao_')
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"
        assert data.startswith(b"<!doctype html>"), data[:40]
        assert await visit.status(address) == 404, "once"
        assert await visit.status(f"{visit.root}download/{'0' * 32}") == 404
        await screen.type(ESC)
        await screen.type(ESC)
        await screen.type(F3 + "gieng")
        await screen.wait("Giếng khoan")
        await screen.type("\r")
        await screen.wait("F8 Giấy tờ")
        await screen.type(F8)
        await screen.wait("về trình duyệt này")
        await screen.type("\r")
        await screen.wait(".docx đang về trình duyệt")
        async with visit.session.get(f"{visit.root}download/{screen.ready[1]}") as answer:
            assert docx.Document(io.BytesIO(await answer.read())).tables
    assert kept(world.hq) == before


def test_who_may_make_no_files_fetches_none(world: World) -> None:
    world.hq.db.execute("UPDATE local_user SET role = 'recorder'")
    world.hq.set_read_only()
    query = Query(period_of("2026", wall.today()), today=wall.today())
    with pytest.raises(FieldappError, match="cán bộ"):
        write.report_bytes(world.hq, query, "html")


async def test_two_who_fetch_one_file_at_once_do_not_share_it() -> None:
    """Each would get some of its bytes."""
    downloads = serve.Downloads()
    program: Any = None
    await downloads.create_download(
        app_service=program, delivery_key="a", file_name="a.docx", open_method="download", mime_type=""
    )
    assert await downloads.take("a") is not None
    assert await downloads.take("a") is None
    assert await downloads.take("b") is None


@pytest.mark.parametrize("closed", [True, False])
async def test_a_program_that_ends_or_hangs_while_its_file_is_fetched_ends_the_fetching(
    monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    """The file is cut off, which its length says; nothing breaks."""
    downloads = serve.Downloads()

    class Program:
        async def send_meta(self, _request: object) -> bool:
            if not received:
                await downloads.chunk_received("a", b"half")
            elif closed:
                downloads.forget(program)
            return True

    program, received = cast(serve.Program, Program()), list[bytes]()
    monkeypatch.setattr(download_manager, "DOWNLOAD_TIMEOUT", 0.01)
    await downloads.create_download(
        app_service=program, delivery_key="a", file_name="a.docx", open_method="download", mime_type=""
    )
    assert await downloads.take("a") is not None
    async for chunk in downloads.download("a"):
        received.append(chunk)
    assert received == [b"half"]
    assert await downloads.take("a") is None
