"""Draws the pictures of `fieldapp serve` in this folder: a real headless Chromium opens the address, types the
passphrase, and goes from the first screen to a record behind a bar, at a desk's width and at 80 columns.

    python docs/browser/draw.py            needs `fieldapp[hq]`, and Chromium (Debian: chromium)

Fails where the address opens a second browser, or where the page asks any other machine for anything.
"""

import asyncio
import base64
import json
import os
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

HERE = Path(__file__).parent
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--window-size=1280,800",
]
PATIENCE = 120.0
FIELDAPP = [sys.executable, "-c", "from fieldapp.cli import main; main()"]
KEYS = {
    "F6": 117,
    "F7": 118,
    "F8": 119,
    "F2": 113,
    "Enter": 13,
    "ArrowDown": 40,
    "ArrowLeft": 37,
    "Escape": 27,
}


class Tab:
    """A tab of a browser, driven by the DevTools protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.asked: list[str] = []
        """Every address that the page asked for"""
        self.said: list[str] = []
        """What stands in the console"""

    async def do(self, method: str, **given: Any) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": given})
        while True:
            told = await self._socket.receive_json()
            if told.get("method") == "Network.requestWillBeSent":
                self.asked.append(told["params"]["request"]["url"])
            elif told.get("method") == "Network.webSocketCreated":
                self.asked.append(told["params"]["url"])
            elif told.get("method") == "Log.entryAdded":
                self.said.append(told["params"]["entry"]["text"])
            elif told.get("method") == "Runtime.exceptionThrown":
                self.said.append(json.dumps(told["params"])[:500])
            if told.get("id") == self._number:
                if "error" in told:
                    raise RuntimeError(told["error"])
                return told["result"]

    async def value(self, expression: str) -> Any:
        return (await self.do("Runtime.evaluate", expression=expression, returnByValue=True))["result"].get("value")

    async def key(self, name: str) -> None:
        """Press a key by its name in a browser."""
        code = KEYS[name]
        for kind in ("rawKeyDown", "keyUp"):
            await self.do("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)
        await self.rest()

    async def text(self, words: str) -> None:
        await self.do("Input.insertText", text=words)
        await self.rest()

    async def rest(self, seconds: float = 2.5) -> None:
        """A moment for the program; pictures are looked at by people, nothing is measured."""
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            await self.do("Runtime.evaluate", expression="1")
            await asyncio.sleep(0.1)

    async def picture(self, name: str) -> None:
        shot = await self.do("Page.captureScreenshot", format="png")
        (HERE / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))
        print(name)


async def chromium(folder: Path) -> tuple[asyncio.subprocess.Process, str]:
    """A browser with an empty profile, and the address of its DevTools."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        sys.exit("Chromium is not installed here.")
    process = await asyncio.create_subprocess_exec(
        found, *FLAGS, f"--user-data-dir={folder}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)  # fmt: skip
    assert process.stderr is not None
    while True:
        line = (await process.stderr.readline()).decode()
        if "DevTools listening on" in line:
            return process, urlsplit(line.split()[-1]).netloc


async def tab(session: aiohttp.ClientSession, devtools: str) -> Tab:
    async with session.put(f"http://{devtools}/json/new?about:blank") as answer:
        made = Tab(await session.ws_connect((await answer.json())["webSocketDebuggerUrl"], max_msg_size=0))
    for domain in ("Network", "Page", "Runtime", "Log"):
        await made.do(f"{domain}.enable")
    await made.do("Emulation.setFocusEmulationEnabled", enabled=True)
    return made


async def draw(url: str, devtools: str) -> None:
    here = urlsplit(url).netloc
    async with aiohttp.ClientSession() as session:
        async with session.get(url.split("?", maxsplit=1)[0]) as refused:
            assert refused.status == 403
        page = await tab(session, devtools)
        await page.do("Emulation.setDeviceMetricsOverride", width=1280, height=800, deviceScaleFactor=1, mobile=False)
        await page.do("Page.navigate", url=url)
        await page.rest(6)
        assert await page.value("location.search") == ""
        await page.text("demo")
        await page.key("Enter")
        await page.rest(15)
        await page.picture("home")
        await page.key("F8")
        for _year in range(date.today().year - 2013):  # the demo's figures are of 2013
            await page.key("ArrowLeft")
        await page.picture("report")
        await page.key("F8")
        await page.rest(4)
        await page.picture("bars")
        await page.key("Enter")
        await page.key("Enter")
        await page.picture("record")
        await page.do("Emulation.setDeviceMetricsOverride", width=800, height=520, deviceScaleFactor=1, mobile=False)
        await page.rest(4)
        await page.picture("narrow")
        again = await tab(session, devtools)
        await again.do("Page.navigate", url=url)
        await again.rest()
        await again.picture("refused")
        for one in (page, again):
            elsewhere = [a for a in one.asked if urlsplit(a).netloc != here and not a.startswith("data:")]
            assert not elsewhere, elsewhere
        print("\n".join(page.said))
        print(len(page.asked), "requests, all to", here)


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="fieldapp-browser-") as temporary:
        folder = Path(temporary)
        environment = {**os.environ, "FIELDAPP_LANG": "vi"}
        run = asyncio.create_subprocess_exec
        demo = await run(*FIELDAPP, "demo", "--workspace", str(folder / "w"), env=environment,
                         stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL)  # fmt: skip
        await demo.wait()
        server = await run(*FIELDAPP, "--home", str(folder / "w" / "hq"), "serve", env=environment,
                           stdout=asyncio.subprocess.PIPE)  # fmt: skip
        assert server.stdout is not None
        browser, devtools = await chromium(folder / "profile")
        try:
            async with asyncio.timeout(PATIENCE):
                await draw((await server.stdout.readline()).decode().strip(), devtools)
        finally:
            for process in (browser, server):
                process.terminate()
                await process.wait()


asyncio.run(main())
