"""Posts what lies in the inbox, with its media: messages are taken in batches, and each is settled for itself.

Treadle runs as examples/README.md says; in another terminal: python examples/tweet-poster/tweet_poster.py
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from treadle import BaseTask, Client, JobContext, RunnerResult, job


@dataclass
class Posted(RunnerResult):
    """A tweet as its service knows it."""

    tweet_id: int = 0


@job("tweet.post", messages={"type": "tweet", "batch_size": 10, "max_attempts": 2, "trigger": True})
class TweetPoster(BaseTask[Posted]):
    """Posts a batch of tweets; one that is refused twice is set aside."""

    async def _execute_impl(self, context: JobContext) -> list[Posted]:
        results = []
        for tweet in context.messages.take():
            try:
                posted = await asyncio.to_thread(post, **tweet.payload)
            except HTTPError as error:
                context.messages.fail(tweet, error)
                results.append(Posted(success=False, message=str(error)))
            else:
                context.messages.done(tweet)
                results.append(Posted(tweet_id=posted))
                context.logger.info("posted", message=tweet.id, tweet=posted)
        return results


def post(api: str, text: str, media: list[str]) -> int:
    """Hands over the media, and then the tweet that names them; its id."""
    media_ids = [json.loads(call(f"{api}/media", call(link)))["id"] for link in media]
    tweet = json.dumps({"text": text, "media_ids": media_ids}).encode()
    return int(json.loads(call(f"{api}/tweets", tweet))["id"])


def call(url: str, body: bytes | None = None) -> bytes:
    """What a server answers."""
    with urlopen(Request(url, body), timeout=10) as answer:
        data: bytes = answer.read()
    return data


class Service(BaseHTTPRequestHandler):
    """Stands for the service that posts tweets, and for the place where pictures lie."""

    ids = count(1)
    tweets: list[dict[str, Any]] = []

    def do_GET(self) -> None:
        """Answers a picture."""
        self.answer(200, b"a picture")

    def do_POST(self) -> None:
        """Takes a picture, or a tweet that is not too long."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/tweets":
            tweet = json.loads(body)
            if len(tweet["text"]) > 280:
                self.answer(422, b"too long")
                return
            self.tweets.append(tweet)
        self.answer(200, json.dumps({"id": next(self.ids)}).encode())

    def answer(self, status: int, body: bytes) -> None:
        """Sends an answer."""
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    """Puts three tweets into the inbox, one of which is too long, and tells what became of them."""
    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    Thread(target=service.serve_forever, daemon=True).start()
    api = f"http://127.0.0.1:{service.server_port}"
    texts = {"good morning": [f"{api}/sun.png", f"{api}/sea.png"], "far " * 100: [], "good night": []}
    with Client() as client:
        ids = [client.put_message("tweet", {"api": api, "text": text, "media": links}) for text, links in texts.items()]
        while any(client.get_message(each).state in ("pending", "leased") for each in ids):
            time.sleep(0.1)
        for message in map(client.get_message, ids):
            print(f"{message.state}: {message.error.message if message.error else 'posted'}")
    for tweet in Service.tweets:
        print(f"{tweet['text']} with {len(tweet['media_ids'])} pictures")


if __name__ == "__main__":
    main()
