"""The screen."""

import sys

if not {"asyncio", "ssl"} & sys.modules.keys():
    # asyncio loads OpenSSL, 4 MB, for connections that no screen makes; where there is none it does without
    sys.modules["ssl"] = None  # type: ignore[assignment]
    import asyncio  # noqa: F401

    del sys.modules["ssl"]
