"""Runs the chat server, plants canaries, and writes what everybody could see into a folder.

    python3 drive.py VIEWS [--fixed]
"""

import argparse
import hashlib
import json
import secrets
import shutil
import tempfile
import threading
import urllib.request
from pathlib import Path

from server import Chat, serve


class Person:
    """Somebody with a telephone, and what it shows."""

    def __init__(self, name: str, url: str, phone: str):
        self.name, self.url, self.phone, self.screen = name, url, phone, []
        self.token = self.ask(do="register", phone=phone)["token"]

    def ask(self, **what) -> dict:
        request = urllib.request.Request(self.url, data=json.dumps(what).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer = json.load(answer)
        self.screen.append({"event": what["do"], "asked": what, "answer": answer})
        return answer

    def send(self, to: str, text: str) -> dict:
        return self.ask(do="send", token=self.token, to=to, text=text)

    def inbox(self) -> dict:
        return self.ask(do="inbox", token=self.token)


def run(folder: Path, fixed: bool, conversation):
    """One run of the server. Returns who took part; `folder` has its files, and `requests` what it received."""
    chat = Chat(folder, fixed)
    requests = folder / "requests"

    def seen(body: bytes):
        with requests.open("ab") as file:
            file.write(body + b"\n")

    server = serve(chat, seen)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        return conversation(f"http://127.0.0.1:{server.server_port}/")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def number() -> str:
    return str(491_500_000_000 + secrets.randbelow(10**11))


def planted(url: str):
    """Ada and Bo talk; every text, number and token is a canary. Returns people and texts by their names."""
    ada, bo = Person("ada", url, number()), Person("bo", url, number())
    texts = {"ada to bo": f"meet me at the heron pond {secrets.token_hex(8)}", "bo to ada": secrets.token_hex(12)}
    ada.send(bo.phone, texts["ada to bo"])
    bo.inbox()
    bo.send(ada.phone, texts["bo to ada"])
    ada.inbox()
    ada.send("1", "nobody has this number")
    return [ada, bo], texts


def said(text: str):
    def conversation(url: str):
        ada, bo = Person("ada", url, "491500000001"), Person("bo", url, "491500000002")
        ada.send(bo.phone, text)
        return [{"event": "show", "text": message["text"]} for message in bo.inbox()["messages"]]

    return conversation


def lines(path: Path, events: list):
    path.write_text("".join(json.dumps(event) + "\n" for event in events))


def table(kind: str, **keys) -> str:
    """A table of TOML: these texts, numbers and lists are written as in JSON."""
    return f"[[{kind}]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()) + "\n"


def view(views: Path, party: str, principal: str, name: str, path: str) -> str:
    whole = views / path
    if whole.is_dir():
        length = sum(file.stat().st_size for file in whole.rglob("*") if file.is_file())
        return table("views", party=party, principal=principal, name=name, dir=path, bytes=length)
    data = whole.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return table("views", party=party, principal=principal, name=name, file=path, bytes=len(data), sha256=digest)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("views", type=Path, help="a folder, which must not exist yet")
    arguments.add_argument("--fixed", action="store_true", help="the server without its leaks")
    arguments = arguments.parse_args()
    views, fixed = arguments.views, arguments.fixed
    views.mkdir(parents=True)

    people, texts = run(views / "chat", fixed, planted)
    manifest = "version = 1\n\n"
    for person in people:
        lines(views / f"{person.name}.jsonl", person.screen)
        manifest += view(views, person.name, "person", "screen", f"{person.name}.jsonl")
        manifest += table("canaries", name=f"number of {person.name}", **{"class": "phone"},
                          number=int(person.phone), owners=["ada", "bo"])
        manifest += table("canaries", name=f"token of {person.name}", **{"class": "token"},
                          text=person.token, owners=[person.name])
    for name, text in texts.items():
        manifest += table("canaries", name=name, **{"class": "words"}, text=text, owners=["ada", "bo"])
    manifest += view(views, "server", "server", "requests", "chat/requests")
    manifest += view(views, "disk", "disk", "files", "chat/disk")
    manifest += view(views, "operator", "operator", "logs", "chat/logs")

    # Two runs that differ in what Ada says, and in nothing else.
    for side, text in [("left", "yes"), ("right", "certainly not")]:
        with tempfile.TemporaryDirectory() as folder:
            shown = run(Path(folder) / "chat", fixed, said(text))
            lines(views / f"{side}-bo.jsonl", shown)
            shutil.copy(Path(folder) / "chat/logs/events.jsonl", views / f"{side}-operator.jsonl")
    manifest += table("pairs", name="what ada says", **{"class": "words"}, owners=["ada", "bo"],
                      masked=["time"], renamed=["id"])
    for party, principal in [("operator", "operator"), ("bo", "person")]:
        manifest += table("pairs.views", party=party, principal=principal, name="events",
                          left=f"left-{party}.jsonl", right=f"right-{party}.jsonl")
    (views / "views.toml").write_text(manifest)
    print(f"wrote {views}")


if __name__ == "__main__":
    main()
