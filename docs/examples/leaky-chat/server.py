"""A small chat server that leaks in five ways, unless it is told to be `fixed`.

People register with a phone number and get a token; they send each other texts and fetch their own. It has no
encryption: the server reads what it carries. What it must not do is keep it, log it, or tell it to somebody else.
"""

import gzip
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Chat:
    """The server's state. `disk` is what it stores, `logs` what the operator reads."""

    def __init__(self, folder: Path, fixed: bool):
        self.disk = folder / "disk"
        self.logs = folder / "logs"
        self.disk.mkdir(parents=True)
        self.logs.mkdir()
        self.fixed = fixed
        self.people = {}  # digest of a token -> phone number
        self.waiting = {}  # phone number -> messages
        self.debug("started")

    def register(self, phone: str) -> dict:
        token = secrets.token_hex(16)
        self.people[digest(token)] = phone
        self.waiting[phone] = []
        if self.fixed:
            self.debug("somebody registered")
        else:
            # Leak 1: a phone number in the log, because it was handy while debugging.
            self.debug(f"registered {phone}")
        people = self.disk / "people.txt"
        with people.open("a") as file:
            # Leak 2: the token itself on disk, where its digest would do.
            file.write(f"{phone} {digest(token) if self.fixed else token}\n")
        return {"token": token}

    def send(self, token: str, to: str, text: str) -> dict:
        sender = self.people[digest(token)]
        if to not in self.waiting:
            # Leak 3: an error message with everything that could help, the token too.
            self.error("send: no such recipient" + ("" if self.fixed else f" (sender's token is {token})"))
            return {"error": "no such recipient"}
        message = {"id": secrets.token_hex(8), "from": sender, "text": text}
        self.waiting[to].append(message)
        self.keep(message)
        # Leak 5: how long a text is tells which of a few expected ones it is.
        size = -(-len(text) // 64) * 64 if self.fixed else len(text)
        self.event("send", id=message["id"], size=size)
        return {"id": message["id"]}

    def inbox(self, token: str) -> dict:
        phone = self.people[digest(token)]
        messages, self.waiting[phone] = self.waiting[phone], []
        for message in messages:
            # Leak 4: what was delivered stays on disk.
            if self.fixed:
                (self.disk / f"{message['id']}.json").unlink()
            self.event("deliver", id=message["id"])
        return {"messages": messages}

    def keep(self, message: dict):
        """So that a crash loses nothing."""
        (self.disk / f"{message['id']}.json").write_text(json.dumps(message))
        if not self.fixed:
            # Leak 4 again, where nobody looks: a compressed dump for debugging.
            with gzip.open(self.logs / "dump.json.gz", "at") as dump:
                dump.write(json.dumps({"state": "waiting for delivery", "message": message}) + "\n")

    def debug(self, text: str):
        append(self.logs / "debug.log", text)

    def error(self, text: str):
        append(self.logs / "error.log", text)

    def event(self, what: str, **fields):
        append(self.logs / "events.jsonl", json.dumps({"time": time.monotonic_ns() // 1000, "event": what, **fields}))


def append(path: Path, line: str):
    with path.open("a") as file:
        file.write(line + "\n")


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def serve(chat: Chat, seen) -> ThreadingHTTPServer:
    """An HTTP server on loopback. `seen` is called with the body of every request: what the server could know."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            seen(body)
            ask = json.loads(body)
            what = ask.pop("do")
            answer = {"register": chat.register, "send": chat.send, "inbox": chat.inbox}[what](**ask)
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)
