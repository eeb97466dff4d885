"""A small Hub for tests: repositories over HTTP in the protocol of huggingface_hub, with commits that are stored.

Files arrive by the LFS protocol, so the client must run with HF_HUB_DISABLE_XET=1. Set `failing` to a status, and every
request gets this status as its answer. Set `mute`, and no request gets an answer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

TOKEN = "hf_of_the_tests"


@dataclass
class Repository:
    """A repository. commits: for each commit, the contents of all files; the latest is last."""

    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.commit({".gitattributes": b"* filter=lfs\n"})

    @property
    def head(self) -> str:
        return list(self.commits)[-1]

    @property
    def files(self) -> dict[str, bytes]:
        """Returns the current contents of the files."""
        return self.commits[self.head]

    def named(self, revision: str | None) -> str:
        """Returns the commit of a branch, or of the only branch if `revision` is None."""
        return self.head if revision in (None, "main") else revision

    def commit(self, files: dict[str, bytes]) -> str:
        parts = [f"{len(self.commits)}", *(f"{name} {_sha(data)}" for name, data in sorted(files.items()))]
        name = hashlib.sha1("\n".join(parts).encode()).hexdigest()
        self.commits[name] = files
        return name


class Hub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.repositories: dict[str, Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.failing: int | None = None
        self.people: dict[str, str] = {}  # from each token to the id of its account
        self.mute = False
        self.asked: list[str] = []
        self.lock = threading.Lock()


@contextmanager
def hub() -> Iterator[Hub]:
    server = Hub()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, *_) -> None:
        """Writes nothing to standard error."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append(f"{method} {path}")
        if self.server.mute:
            self.close_connection = True
            return None
        if self.server.failing:
            return self._say({"error": "not now"}, self.server.failing)
        if path == "/api/whoami-v2":
            return self._whose(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if not path.startswith("/objects/") and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._say({"error": "Invalid credentials in Authorization header"}, 401)
        for wanted, pattern, reply in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and wanted == method.replace("HEAD", "GET"):
                with self.server.lock:
                    return reply(self, *found.groups(), body)
        return self._say({"error": path}, 404)

    def _say(self, told: object, status: int = 200, **headers: str) -> None:
        self._send(json.dumps(told).encode(), status, {"Content-Type": "application/json"} | headers)

    def _send(self, data: bytes, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _whose(self, token: str) -> None:
        account = self.server.people.get(token)
        told = {"type": "user", "id": account} if account else {"error": "Invalid user token."}
        self._say(told, 200 if account else 401)

    def _repository(self, name: str) -> Repository | None:
        found = self.server.repositories.get(name)
        if found is None:
            self._say({"error": "Repository not found"}, 404, **{"X-Error-Code": "RepoNotFound"})
        return found

    def create(self, body: bytes) -> None:
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}"
        self.server.repositories.setdefault(name, Repository(asked.get("visibility") == "private"))
        self._say({"url": f"{self.server.url}/datasets/{name}"})

    def validate(self, _: bytes) -> None:
        self._say({"errors": [], "warnings": []})

    def info(self, name: str, revision: str | None, _: bytes) -> None:
        if (found := self._repository(name)) is not None:
            sha = found.named(revision)
            files = [{"rfilename": one} for one in found.commits[sha]]
            self._say({"id": name, "sha": sha, "private": found.private, "siblings": files, "tags": []})

    def tree(self, name: str, revision: str, _: bytes) -> None:
        if (found := self._repository(name)) is not None:
            files = found.commits[found.named(revision)]
            self._say(
                [
                    {"type": "file", "path": one, "size": len(data), "oid": _sha(data)}
                    for one, data in files.items()
                ]
            )

    def preupload(self, name: str, body: bytes) -> None:
        files = [
            {"path": one["path"], "uploadMode": "lfs", "shouldIgnore": False}
            for one in json.loads(body)["files"]
        ]
        self._say({"files": files})

    def batch(self, name: str, body: bytes) -> None:
        objects = [
            one | {"actions": {"upload": {"href": f"{self.server.url}/objects/{one['oid']}"}}}
            for one in json.loads(body)["objects"]
        ]
        self._say({"transfer": "basic", "objects": objects})

    def put(self, oid: str, body: bytes) -> None:
        assert _sha(body) == oid
        self.server.objects[oid] = body
        self._say({})

    def commit(self, name: str, body: bytes) -> None:
        if (found := self._repository(name)) is None:
            return
        header, *operations = [json.loads(line) for line in body.splitlines()]
        if header["value"].get("parentCommit") not in (None, found.head):
            return self._say({"error": "A commit has happened since. Please refresh and try again."}, 412)
        files = dict(found.files)
        for one in operations:
            place = one["value"]["path"]
            if one["key"] == "deletedFile":
                del files[place]
            elif one["key"] == "lfsFile":
                files[place] = self.server.objects[one["value"]["oid"]]
            else:
                files[place] = base64.b64decode(one["value"]["content"])
        oid = found.commit(files)
        self._say({"commitUrl": f"{self.server.url}/datasets/{name}/commit/{oid}", "commitOid": oid})

    def squash(self, name: str, _: bytes) -> None:
        if (found := self._repository(name)) is not None:
            files = found.files
            found.commits.clear()
            found.commit(files)
            self._say({})

    def resolve(self, name: str, revision: str, place: str, _: bytes) -> None:
        if (found := self._repository(name)) is not None:
            commit = found.named(revision)
            data = found.commits[commit][place]
            headers = {"ETag": f'"{_sha(data)}"', "X-Repo-Commit": commit}
            self._send(data, 200, headers)


_KIND = "(?:datasets|models|spaces)"
_NAME = r"([\w.-]+/[\w.-]+)"
_ROUTES: tuple[tuple[str, str, Callable[..., None]], ...] = (
    ("POST", r"/api/repos/create", _Handler.create),
    ("POST", r"/api/validate-yaml", _Handler.validate),
    ("GET", rf"/api/{_KIND}/{_NAME}(?:/revision/(\w+))?", _Handler.info),
    ("GET", rf"/api/{_KIND}/{_NAME}/tree/(\w+)", _Handler.tree),
    ("POST", rf"/api/{_KIND}/{_NAME}/preupload/main", _Handler.preupload),
    ("POST", rf"(?:/datasets|/spaces)?/{_NAME}\.git/info/lfs/objects/batch", _Handler.batch),
    ("PUT", r"/objects/(\w+)", _Handler.put),
    ("POST", rf"/api/{_KIND}/{_NAME}/commit/main", _Handler.commit),
    ("POST", rf"/api/{_KIND}/{_NAME}/super-squash/main", _Handler.squash),
    ("GET", rf"(?:/datasets|/spaces)?/{_NAME}/resolve/(\w+)/(.+)", _Handler.resolve),
)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
