"""What may come in from the network: only the app's own pages and programs, in messages of limited size."""

import http.client
import json

import pytest

from storyboard.studio.visitors import NOBODY_ELSE, visitor_at
from storyboard.ui.doors import MAX_BODY, Doors, own_addresses

CREATE = "/gradio_api/run/create_story"
JSON = {"Content-Type": "application/json"}


def asked(app, path, headers=None, body=b'{"data": ["A day"]}', method="POST"):
    """Returns status, body and headers of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=60)
    connection.request(method, path, body if method == "POST" else None, JSON | (headers or {}))
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    return answer.status, said, answer.headers


def test_programs_and_the_apps_own_pages_come_in(app):
    own = app.url.rstrip("/")
    for headers in ({}, {"Origin": own}, {"Origin": own, "Sec-Fetch-Site": "same-origin"}):
        assert asked(app, CREATE, headers)[0] == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "elsewhere.example"}, 403),  # a name of an attacker that points to this machine
        ({"Origin": "https://elsewhere.example", "X-Forwarded-Host": "elsewhere.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),  # a type that any page may send anywhere without asking
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_a_foreign_page_writes_nothing_here(app, headers, status):
    """Any page on the web could write into the library of an app on the machine of its reader."""
    for path in (CREATE, "/gradio_api/component_server", "/gradio_api/queue/join"):
        found, said, _ = asked(app, path, headers)
        assert found == status and json.loads(said)["error"].endswith(".")
    if status == 403:
        upload = {"Content-Type": "multipart/form-data; boundary=x"} | headers
        assert asked(app, "/gradio_api/upload", upload)[0] == 403


def test_a_body_larger_than_any_message_is_refused_before_it_is_parsed(app):
    status, said, _ = asked(app, CREATE, body=b"[" * (MAX_BODY + 1))
    assert status == 413 and "at most 4 MB" in said


def test_a_body_of_too_many_parts_is_refused_before_it_is_parsed(app):
    """A message of 4 MB with empty lists took 90 MB of memory."""
    status, said, _ = asked(app, CREATE, body=b'{"data": [' + b"[]," * 1_300_000 + b"0]}")
    assert status == 413 and "too many parts" in said


@pytest.mark.parametrize("path", ["/monitoring", "/monitoring/summary", "/gradio_api/dev/reload"])
def test_doors_for_the_frameworks_developers_are_shut(app, path):
    assert asked(app, path, method="GET")[0] == 404


def test_calls_that_wait_for_a_picture_stand_in_line(app):
    """45 direct calls used all threads, and no page got an answer any more."""
    status, said, _ = asked(app, "/gradio_api/run/add_frame", body=b'{"data": ["x", "Rosa waves."]}')
    assert status == 404 and "join the queue" in said


def test_addresses_are_told_to_nobody_and_only_the_hub_may_frame_a_space(app, monkeypatch):
    headers = asked(app, "/", method="GET")[2]
    assert (headers["Referrer-Policy"], headers["X-Content-Type-Options"]) == ("same-origin", "nosniff")
    assert headers["Content-Security-Policy"] == "frame-ancestors 'self'"


@pytest.mark.parametrize("wrong", [None, 7, True, [], {}, [["x"]]])
def test_values_of_another_type_get_a_sentence(app, wrong):
    """Some callers got `{"error": null}`, others were told to reload a page."""
    for name, count in (("get_story", 1), ("choose_take", 3), ("rebind", 4), ("create_character", 5)):
        status, said, _ = asked(
            app, f"/gradio_api/run/{name}", body=json.dumps({"data": [wrong] * count}).encode()
        )
        assert status == 500 and json.loads(said)["error"].endswith(".") and "reload" not in said


def test_a_proxys_address_is_the_apps_own_where_it_is_named(monkeypatch):
    monkeypatch.setenv("GRADIO_ROOT_PATH", "https://stories.example.org/app")
    doors = Doors(None, own_addresses(["https://other.example.org:8443"]))
    for origin in ("https://stories.example.org", "https://other.example.org:8443"):
        assert doors._refusal("POST", "/x", _headers(origin, "127.0.0.1:7860")) is None
    assert doors._refusal("POST", "/x", _headers("https://other.example.org", "127.0.0.1:7860")) is not None


def test_behind_a_spaces_proxy_its_page_is_the_apps_own():
    doors = Doors(None, local=False)
    assert doors._refusal("POST", "/x", _headers("https://x.hf.space", "x.hf.space")) is None
    assert doors._refusal("POST", "/x", _headers("https://evil.example", "x.hf.space")) is not None


def _headers(origin, host):
    from starlette.datastructures import Headers

    return Headers({"origin": origin, "host": host, "content-type": "application/json"})


def test_this_machine_is_nobody_to_share_with():
    assert visitor_at("127.0.0.1") == visitor_at("::1") == visitor_at(None) == NOBODY_ELSE
    assert visitor_at("203.0.113.9") == "203.0.113.9"


def test_what_is_left_out_at_the_end_of_a_call_by_position_has_its_default(app):
    """After `create_story` got one more argument, a program that sent only a title got a 500."""
    for given in (b'{"data": []}', b'{"data": ["A day"]}'):
        assert asked(app, CREATE, body=given)[0] == 200
    # This argument has no default.
    assert asked(app, "/gradio_api/run/get_story", body=b'{"data": []}')[0] == 500
