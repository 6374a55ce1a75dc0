"""Embeds what is new: each run goes on where the one before it ended, batch by batch.

Treadle runs as examples/README.md says; in another terminal: python examples/proposal-embedder/proposal_embedder.py
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

from treadle import Client, JobContext, job


@job("proposal.embed", timeout_seconds=300, max_retries=3, backoff=[5, 60], max_concurrent=1)
def embed(ctx: JobContext, api: str, store: str, batch: int = 10) -> dict[str, int]:
    """Stores a vector for each proposal that has none yet. A retry goes on after the last batch that was stored."""
    with closing(sqlite3.connect(store)) as vectors:
        vectors.execute("create table if not exists vectors (id integer primary key, vector text not null)")
        (newest,) = vectors.execute("select coalesce(max(id), 0) from vectors").fetchone()
        new = 0
        while proposals := call(f"{api}/proposals?after={newest}&limit={batch}"):
            found = call(f"{api}/embeddings", {"texts": [each["text"] for each in proposals]})
            rows = [(each["id"], json.dumps(vector)) for each, vector in zip(proposals, found, strict=True)]
            with vectors:
                vectors.executemany("insert into vectors values (?, ?)", rows)
            newest, new = proposals[-1]["id"], new + len(proposals)
            ctx.logger.info("embedded", up_to=newest)
    return {"new": new, "newest": newest}


def call(url: str, body: object = None) -> Any:
    """What a server answers, as JSON has it."""
    with urlopen(Request(url, None if body is None else json.dumps(body).encode()), timeout=30) as answer:
        return json.load(answer)


class Service(BaseHTTPRequestHandler):
    """Stands for the place where proposals lie, and for the model that embeds texts."""

    count = 0

    def do_GET(self) -> None:
        """Answers proposals beyond one."""
        asked = parse_qs(urlsplit(self.path).query)
        first, limit = int(asked["after"][0]) + 1, int(asked["limit"][0])
        ids = range(first, min(first + limit, self.count + 1))
        self.answer([{"id": each, "text": f"proposal {each}"} for each in ids])

    def do_POST(self) -> None:
        """Answers a vector for each text."""
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["texts"]
        self.answer([[len(text), sum(text.encode()) % 97] for text in texts])

    def answer(self, value: object) -> None:
        """Sends a value as JSON."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    """Embeds twenty-five proposals, and then the three that came later."""
    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    Thread(target=service.serve_forever, daemon=True).start()
    api = f"http://127.0.0.1:{service.server_port}"
    with Client(), TemporaryDirectory() as folder:
        for Service.count in (25, 28):
            print(embed.sync.enqueue(api=api, store=str(Path(folder) / "vectors.db")).result())


if __name__ == "__main__":
    main()
