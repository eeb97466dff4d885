"""Stories of people who signed in to Hugging Face belong to them alone: on the page, over HTTP and as MCP tools."""

import pytest

from storyboard.library import Library
from storyboard.ui import accounts
from storyboard.ui.page import launch_page, make_page
from tests.hub_server import hub
from tests.programs import Refused, by_http, by_mcp
from tests.studios import calls_of, kept_studio
from tests.test_accounts import BROWSER, OTHER_BROWSER, begun, listed, profile
from tests.test_mcp import needs_mcp

OWNERS, OTHERS = {"X-HF-Authorization": "Bearer hf_nanas"}, {"Authorization": "Bearer hf_ottos"}
NOT_YOURS = "belongs to somebody else's Hugging Face account"


@pytest.fixture
def studio(tmp_path, monkeypatch):
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "of this app alone")
    with kept_studio(tmp_path) as studio:
        yield studio


@pytest.fixture
def calls(studio):
    return calls_of(studio)


@pytest.fixture
def nanas(calls):
    """Begins a story as a signed-in person."""
    return begun(calls, "Rosa waves.", BROWSER, profile("nana"))


def opened(calls, story, signed_in=None):
    return calls["open_story"]({"story": story, "shelf": OTHER_BROWSER}, signed_in)


def test_a_link_to_somebodys_story_opens_it_for_them_and_a_copy_for_others(calls, studio, nanas):
    assert opened(calls, nanas, profile("nana"))["view"]["story"] == nanas
    answer = opened(calls, nanas)
    copy = answer["view"]["story"]
    assert copy != nanas and [frame["caption"] for frame in answer["view"]["frames"]] == ["Rosa waves."]
    assert "copy of your own" in answer["notice"]
    assert listed(calls, copy, OTHER_BROWSER) == (set(), None)  # opened, but not yet kept
    assert "error" not in calls["add_frame"]({"story": copy, "caption": "Milo sleeps."}, None)
    assert listed(calls, copy, OTHER_BROWSER) == ({copy}, None)
    mine = opened(calls, nanas, profile("nana"))
    assert [frame["caption"] for frame in mine["view"]["frames"]] == ["Rosa waves."] and "notice" not in mine


@pytest.mark.parametrize("signed_in", [None, profile("otto")], ids=["nobody", "somebody else"])
@pytest.mark.parametrize(
    "call, message",
    [
        ("add_frame", {"caption": "Milo sleeps."}),
        ("rename_story", {"title": "Mine"}),
        ("delete_story", {}),
        ("duplicate_story", {}),
        ("draw_missing", {}),
        ("get_news", {}),
    ],
)
def test_only_its_owner_changes_it(calls, nanas, signed_in, call, message):
    answer = calls[call]({"story": nanas, "of": nanas, **message}, signed_in)
    assert NOT_YOURS in answer["error"]
    assert len(opened(calls, nanas, profile("nana"))["view"]["frames"]) == 1


def test_only_its_owner_brings_it_back(calls, studio, nanas):
    calls["delete_story"]({"story": nanas, "of": nanas}, profile("nana"))
    assert NOT_YOURS in calls["restore_story"]({"of": nanas}, profile("otto"))["error"]
    calls["restore_story"]({"of": nanas}, profile("nana"))
    assert opened(calls, nanas, profile("nana"))["view"]["story"] == nanas


def test_a_copy_belongs_to_whoever_makes_it(calls, nanas):
    copy = calls["duplicate_story"]({"story": nanas, "of": nanas}, profile("nana"))["opened"]
    assert NOT_YOURS in calls["add_frame"]({"story": copy, "caption": "Milo sleeps."}, None)["error"]
    assert "error" not in calls["add_frame"]({"story": copy, "caption": "Milo sleeps."}, profile("nana"))


def test_owners_are_found_again_in_a_file_that_was_damaged(tmp_path, studio, nanas):
    other = Library(tmp_path / "other")
    other.take_over(studio.library.folder / "library.sqlite3")
    assert other.shelves.owner(nanas) == accounts.shelf_of("id-of-nana")
    other.close()


@pytest.fixture
def people(monkeypatch):
    """A Hub that knows the tokens of two people, and an app with sign-in."""
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "of this app alone")
    monkeypatch.setattr(accounts, "can_sign_in", lambda: True)
    accounts._account_of.cache_clear()
    with hub() as server:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
        server.people.update({"hf_nanas": "id-of-nana", "hf_ottos": "id-of-otto"})
        yield server


@pytest.fixture(scope="module")
def served(app):
    """Serves the verbs of the same studio as MCP tools too."""
    options = {"server_name": "127.0.0.1", "prevent_thread_lock": True, "quiet": True, "mcp_server": True}
    page = make_page(app.studio)
    _, url, _ = launch_page(page, app.studio, **options)
    yield url
    page.close()


@pytest.fixture(params=[by_http, pytest.param(by_mcp, marks=needs_mcp)], ids=["curl", "mcp"])
def call(request, served, people):
    """Returns a function that calls a verb like a program, with these headers."""
    return lambda verb, given, headers: request.param(served, verb, given, **headers)


def test_programs_open_an_accounts_stories_with_its_token_alone(app, call):
    story = call("create_story", {"title": "Nana's"}, OWNERS)
    call("add_frame", {"story_id": story, "sentence": "Rosa waves."}, OWNERS)
    for headers in (OTHERS, {}):
        with pytest.raises(Refused, match=NOT_YOURS):
            call("get_story", {"story_id": story}, headers)
        with pytest.raises(Refused, match=NOT_YOURS):
            call("rename_story", {"story_id": story, "title": "Mine"}, headers)
    assert call("get_story", {"story_id": story}, OWNERS)["title"] == "Nana's"
    # It is in the list that its owner sees after signing in on the page.
    assert story in {one.story_id for one in app.studio.stories(accounts.shelf_of("id-of-nana"))}


def test_a_forged_token_is_refused_and_nobodys_stories_stay_open_to_all(app, call):
    story = call("create_story", {"title": "Anybody's"}, {})
    with pytest.raises(Refused, match="does not know that token"):
        call("get_story", {"story_id": story}, {"Authorization": "Bearer hf_forged"})
    for headers in ({}, OTHERS, {"Authorization": "Basic bmFuYTpuYW5h"}):
        assert call("get_story", {"story_id": story}, headers)["title"] == "Anybody's"


def test_the_hub_is_asked_once_whose_a_token_is(app, people):
    for _ in range(3):
        by_http(app.url, "create_story", {"title": ""}, **OWNERS)
    assert len(people.asked) == 1
    people.failing = 503
    by_http(app.url, "create_story", {"title": ""}, **OWNERS)
    with pytest.raises(Refused, match="could not be asked"):
        by_http(app.url, "create_story", {"title": ""}, Authorization="Bearer hf_of_somebody_new")


def test_where_nobody_can_sign_in_a_token_is_not_looked_at(app, monkeypatch):
    """A program sends the token that is saved on its machine, whatever app it calls."""
    monkeypatch.setattr(accounts, "HfApi", None)
    story = by_http(app.url, "create_story", {"title": "Here"}, **OTHERS)
    assert by_http(app.url, "get_story", {"story_id": story})["title"] == "Here"


def test_a_story_of_nobody_is_everybodys_who_has_its_address(calls):
    story = begun(calls, "Rosa waves.", BROWSER)
    assert "error" not in calls["add_frame"]({"story": story, "caption": "Milo sleeps."}, profile("otto"))
    assert opened(calls, story)["view"]["story"] == story
