"""Looks at many pictures at once, and publishes the album when the last of them is done: a fan-out with a join.

Treadle runs as examples/README.md says; in another terminal: python examples/album-fan-out/album_fan_out.py
"""

from __future__ import annotations

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

from treadle import Client, JobContext, job


@job("picture.index", timeout_seconds=30, max_retries=3, backoff=[0.2, 5])
def index(url: str) -> dict[str, Any]:
    """Fetches a picture, and tells its size and what tells it from others."""
    with urlopen(url, timeout=10) as answer:
        picture = answer.read()
    return {"url": url, "bytes": len(picture), "sha256": hashlib.sha256(picture).hexdigest()}


@job("album.publish", timeout_seconds=30)
async def publish(ctx: JobContext, url: str) -> dict[str, int]:
    """Puts together what the others have found, and publishes it: once, whatever happens to this run."""
    pictures = [parent.result for parent in (await ctx.parent_results()).values()]
    album = {"pictures": pictures, "bytes": sum(each["bytes"] for each in pictures)}
    await ctx.step("publish", put, url, album)
    return {"pictures": len(pictures), "bytes": album["bytes"]}


def put(url: str, album: dict[str, Any]) -> None:
    """Hands the album over."""
    with urlopen(Request(url, json.dumps(album).encode(), method="PUT"), timeout=10):
        pass


class Gallery(BaseHTTPRequestHandler):
    """Stands for the place where the pictures lie, one of which cannot be had the first time, and for the album."""

    faults = {"/pictures/3.png"}
    albums: list[dict[str, Any]] = []

    def do_GET(self) -> None:
        """Answers a picture."""
        fault = self.path in self.faults
        self.faults.discard(self.path)
        self.send_response(503 if fault else 200)
        self.end_headers()
        self.wfile.write(b"" if fault else self.path.encode() * 100)

    def do_PUT(self) -> None:
        """Takes an album."""
        self.albums.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    """Makes an album of eight pictures."""
    gallery = ThreadingHTTPServer(("127.0.0.1", 0), Gallery)
    Thread(target=gallery.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{gallery.server_port}"
    pictures = [{"url": f"{url}/pictures/{number}.png"} for number in range(8)]
    with Client() as client:
        group = client.enqueue_group(
            "picture.index", pictures, then="album.publish", then_inputs={"url": f"{url}/album"}
        )
        print(client.result(group.run_id))
        print("attempts:", *(client.get(run_id).attempt for run_id in group.members))
    print("albums published:", len(Gallery.albums))


if __name__ == "__main__":
    main()
