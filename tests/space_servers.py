"""Everything around an app on a Space, on this machine: the Hub's page and sign-in, the proxy, and the lender of GPUs.

Browsers reach all of it by its real names, huggingface.co and *.hf.space, over TLS with a certificate of the tests.
"""

from __future__ import annotations

import asyncio
import base64
import datetime
import html
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

SPACE = "nana/storyboard"
SPACE_HOST = "nana-storyboard.hf.space"
CLIENT = "client-of-the-space"
# The Hub's page around a Space, as far as an app can see it: the address of the frame, what the frame says of its own
# address, and the visitor for whom a drawing counts.
AROUND = """<!doctype html><title>Space</title><iframe src="https://{host}/?{query}" allow="clipboard-write"
  style="position: fixed; inset: 0; width: 100%; height: 100%; border: 0"></iframe><script>
addEventListener("message", (event) => {{
  if (event.origin !== "https://{host}") return;
  if (event.data === "supports-zerogpu-headers") event.source.postMessage(event.data, event.origin);
  if (event.data === "zerogpu-headers") event.ports[0].postMessage({{ "x-ip-token": "{token}" }});
  if (event.data.queryString) history.replaceState(null, "", `?${{event.data.queryString}}`);
}});
</script>"""


def visitor_token(name: str) -> str:
    """Returns the Hub's token for a visitor in the form that `spaces` reads: a JWT. The lender checks its signature."""
    parts = (json.dumps(one).encode() for one in ({"alg": "none"}, {"user": name}))
    return ".".join((*(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts), "signed"))


class Around(ThreadingHTTPServer):
    """The Hub's pages and the lender of GPUs.

    reader: who is signed in to the Hub.
    lent: the tokens for which GPUs were lent.
    refusing: a status that everybody gets who asks for a GPU.
    """

    daemon_threads = True

    def __init__(self) -> None:
        from joserfc.jwk import RSAKey

        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.reader = "nana"
        self.lent: list[str] = []
        self.refusing: int | None = None
        self.key = RSAKey.generate_key(2048, {"kid": "tests"})
        self.nonces: dict[str, str] = {}


class _Handler(BaseHTTPRequestHandler):
    server: Around

    def log_message(self, *_) -> None:
        """Writes nothing to standard error."""

    def do_GET(self) -> None:
        place, asked = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        if place.path == f"/spaces/{SPACE}":
            token = visitor_token(self.server.reader)
            page = AROUND.format(host=SPACE_HOST, query=html.escape(place.query), token=token)
            return self._send(page.encode(), "text/html")
        if place.path == "/.well-known/openid-configuration":
            return self._say(
                {
                    "issuer": "https://huggingface.co",
                    "authorization_endpoint": "https://huggingface.co/oauth/authorize",
                    "token_endpoint": f"{self.server.url}/oauth/token",
                    "jwks_uri": f"{self.server.url}/oauth/jwks",
                }
            )
        if place.path == "/oauth/jwks":
            return self._say({"keys": [self.server.key.as_dict(private=False)]})
        if place.path == "/oauth/authorize":
            code = f"code-of-{self.server.reader}"
            self.server.nonces[code] = asked["nonce"][0]
            back = asked["redirect_uri"][0]
            query = urlencode({"code": code, "state": asked["state"][0]})
            self.send_response(302)
            self.send_header("Location", f"{back}{'&' if '?' in back else '?'}{query}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self._say({"error": place.path}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        place, asked = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        if place.path == "/oauth/token":
            return self._say(self._identity(parse_qs(body)["code"][0]))
        if place.path == "/schedule":
            if self.server.refusing:
                return self._say({}, self.server.refusing)
            self.server.lent.append(asked.get("token", [""])[0])
            lent = {"idle": False, "nvidiaIndex": 0, "nvidiaUUID": "GPU-0", "allowToken": "allowed"}
            return self._say(lent)
        self._say({}, 200 if place.path in ("/startup-report", "/allow", "/release") else 404)

    def _identity(self, code: str) -> dict:
        from joserfc import jwt

        name, now = code.removeprefix("code-of-"), int(time.time())
        claims = {
            "iss": "https://huggingface.co",
            "aud": CLIENT,
            "sub": f"id-of-{name}",
            "iat": now,
            "exp": now + 3600,
            "nonce": self.server.nonces[code],
            "name": name.title(),
            "preferred_username": name,
            "profile": f"https://huggingface.co/{name}",
            "picture": "",
        }
        token = jwt.encode({"alg": "RS256", "kid": "tests"}, claims, self.server.key)
        return {"access_token": "hf_oauth", "token_type": "bearer", "expires_in": 3600, "id_token": token}

    def _say(self, told: object, status: int = 200) -> None:
        self._send(json.dumps(told).encode(), "application/json", status)

    def _send(self, data: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def around() -> Iterator[Around]:
    server = Around()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def proxy(folder: Path, backends: dict[str, int]) -> Iterator[int]:
    """Accepts TLS for the hosts of `backends` and passes it on to their ports on this machine, like the Hub's proxy.

    Yields the port on which it listens. `backends` may change later.
    """
    context = _certified(folder, list(backends))
    names: dict[int, str] = {}
    context.sni_callback = lambda socket, name, _: names.__setitem__(id(socket), name)
    loop, started = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = names.pop(id(writer.get_extra_info("ssl_object")), "")
        try:
            head = await reader.readuntil(b"\r\n")
            there = await asyncio.open_connection("127.0.0.1", backends[host])
            # One request for each connection, so that every request gets its headers.
            there[1].write(
                head + b"X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n"
            )
            await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))
        except (OSError, KeyError, asyncio.IncompleteReadError):
            pass  # the app is not there at the moment, or the browser left
        finally:
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(passed_on, "127.0.0.1", 0, ssl=context)
        ports.append(server.sockets[0].getsockname()[1])
        started.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.create_task(serve())
        loop.run_forever()

    threading.Thread(target=run, daemon=True).start()
    started.wait(60)
    yield ports[0]
    loop.call_soon_threadsafe(loop.stop)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
        await writer.drain()
    writer.close()


def _certified(folder: Path, hosts: list[str]) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in hosts]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tests.pem").write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tests.pem")
    return context
