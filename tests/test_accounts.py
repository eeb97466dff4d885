"""To whom stories belong if visitors sign in to Hugging Face. Nothing is launched here."""

import gradio as gr
import pytest

from storyboard.library import SHELF, Library
from storyboard.studio.studio import Studio
from storyboard.studio.verb_table import VERBS
from storyboard.ui.accounts import GIVEN, can_sign_in, shelf_of
from storyboard.ui.page import make_page
from tests.fakes import FlatRenderer, small_cast
from tests.studios import calls_of, kept_studio

BROWSER, OTHER_BROWSER = "one-browsers-own-id", "other-browsers-own-id"


def profile(name: str) -> gr.OAuthProfile:
    """Returns a signed-in person in the form in which Gradio passes them."""
    told = {"sub": f"id-of-{name}", "name": name, "preferred_username": name, "profile": "", "picture": ""}
    return gr.OAuthProfile(told)


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Returns the page's calls by name, from a studio with a library."""
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "of this app alone")
    with kept_studio(tmp_path) as studio:
        yield calls_of(studio)


def begun(calls, sentence, shelf, signed_in=None):
    """Begins a story of one sentence in a browser. Returns its id."""
    opened = calls["open_story"]({"shelf": shelf, "fresh": True}, signed_in)
    story = opened["view"]["story"]
    assert "error" not in calls["add_frame"]({"story": story, "shelf": shelf, "caption": sentence}, signed_in)
    return story


def listed(calls, story, shelf, signed_in=None):
    answer = calls["list_stories"]({"story": story, "shelf": shelf}, signed_in)
    return {one["id"] for one in answer["stories"]}, answer.get("account")


def test_whoever_signs_in_has_their_stories_in_every_browser_and_nobody_else_does(calls):
    before = begun(calls, "Rosa waves.", BROWSER)
    assert listed(calls, before, BROWSER) == ({before}, None)
    nana = profile("nana")
    assert listed(calls, before, BROWSER, nana) == ({before}, "nana")
    after = begun(calls, "Milo sleeps.", BROWSER, nana)
    assert listed(calls, after, OTHER_BROWSER, nana) == ({before, after}, "nana")
    assert listed(calls, after, OTHER_BROWSER) == (set(), None)
    assert listed(calls, after, OTHER_BROWSER, profile("otto")) == (set(), "otto")
    # After signing out, the browser shows its own stories, and not those that were begun in the account.
    assert listed(calls, before, BROWSER) == ({before}, None)


def test_a_shelf_of_an_account_is_the_apps_own_secret(monkeypatch):
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "of this app alone")
    here = shelf_of("id-of-nana")
    assert SHELF.fullmatch(here) and here == shelf_of("id-of-nana") != shelf_of("id-of-otto")
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "of another app")
    assert shelf_of("id-of-nana") != here


@pytest.fixture
def space(monkeypatch):
    """Sets the environment of a Space whose front matter asks for signing in."""
    for name in (*GIVEN, "SPACE_ID"):
        monkeypatch.setenv(name, "x")
    for name in GIVEN:
        monkeypatch.setattr(f"gradio.oauth.{name}", "x")  # because Gradio read it at its import
    monkeypatch.setenv("SYSTEM", "spaces")
    monkeypatch.setattr("storyboard.ui.accounts.find_spec", lambda name: object())
    return monkeypatch


def test_signing_in_is_no_verb_for_programs(space, tmp_path):
    """Gradio's own sign-in button added an endpoint that the MCP tools did not know."""
    library = Library(tmp_path)
    studio = Studio(FlatRenderer(), small_cast(library.pictures), library.pictures, library=library)
    page = make_page(studio)
    assert page.expects_oauth
    public = {one.api_name for one in page.fns.values() if one.api_visibility == "public"}
    assert public == set(VERBS)
    studio.close()
    library.close()


def test_only_a_space_that_asks_for_it_offers_to_sign_in(space):
    assert can_sign_in()
    with space.context() as patch:
        patch.delenv("SYSTEM")  # elsewhere Gradio would sign everybody in as the owner of this machine
        assert not can_sign_in()
    space.delenv("OAUTH_CLIENT_ID")
    assert not can_sign_in()
