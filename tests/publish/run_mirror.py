"""Run the mirror once in a process of its own, in small steps, so that a test can kill it: HOME KEY URL."""

import sys
from pathlib import Path

from fieldapp.publish import mirror
from fieldapp.publish.tables import Place
from fieldapp.store.store import Store

mirror.PART, mirror.AT_ONCE, mirror.TOGETHER = 400, 100, 2
home, key, url = sys.argv[1:]
with Store.open(Path(home), bytes.fromhex(key), "Trực ban") as store:
    print("begun", flush=True)
    done = mirror.publish(store, url, Place(2))
    print(done.rows, flush=True)
