"""Signing in to Hugging Face, where an app offers that: whose stories are whose on any browser and from any program.

Gradio signs people in and keeps who they are in a signed cookie; a program sends a token of the Hub. Here an account
gets a shelf, as a browser has one: nobody can guess it, and it is the same wherever its owner signs in. Knows Gradio's
profiles and the Hub, no models.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
import re
import time
from collections.abc import Mapping
from importlib.util import find_spec

import gradio as gr
from gradio.utils import get_space
from huggingface_hub import HfApi

from storyboard.errors import StoryError
from storyboard.studio.studio import Studio
from storyboard.studio.visitors import ACCOUNT

SECONDS_KNOWN = 600  # before the Hub is asked again whose a token is
_TOKEN = re.compile(r"Bearer (hf_\w{1,200})", re.IGNORECASE)
GIVEN = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL")


def can_sign_in() -> bool:
    """Returns whether this is a Space whose front matter has `hf_oauth: true`, with the packages that this takes."""
    packages = all(find_spec(name) is not None for name in ("authlib", "itsdangerous"))
    return packages and get_space() is not None and all(os.environ.get(name) for name in GIVEN)


def shelf_of(account: str) -> str:
    """Returns the id of the shelf of an account, by its id on the Hub.

    It follows from the app's own secret, so that nobody else can tell it.
    """
    secret = os.environ.get("OAUTH_CLIENT_SECRET", "")
    return hmac.new(secret.encode(), f"shelf of {account}".encode(), hashlib.sha256).hexdigest()


def shelf_of_program(headers: Mapping[str, str]) -> str | None:
    """Returns the shelf of the account whose token a program sends.

    None where it sends none, or where nobody can sign in. StoryError where the Hub does not know the token.
    """
    # gradio_client sends the first; a Space's own door may keep the second for itself.
    sent = headers.get("x-hf-authorization") or headers.get("authorization") or ""
    token = _TOKEN.fullmatch(sent)
    if token is None or not can_sign_in():
        return None
    return shelf_of(_account_of(token[1], int(time.time()) // SECONDS_KNOWN))


@functools.lru_cache(maxsize=1000)
def _account_of(token: str, period: int) -> str:
    """Returns the id of a token's account, asked for once in a period: the Hub answers few such questions."""
    try:
        return HfApi().whoami(token)["id"]
    except Exception as error:  # what a connection throws depends on what it runs over
        refused = getattr(getattr(error, "response", None), "status_code", None) in (401, 403)
        raise StoryError(FORGED if refused else UNASKED) from error


FORGED = "Hugging Face does not know that token; send one from huggingface.co/settings/tokens, or none."
UNASKED = "Hugging Face could not be asked whose token that is; try again in a while, or send none."


def with_own_shelf(studio: Studio, message: dict, profile: gr.OAuthProfile | None) -> dict:
    """Returns the message with the shelf of the account, if somebody is signed in, in place of the browser's shelf.

    Stories of the browser's shelf are on the account's from then on, and the call counts as the account's.
    """
    shelf = shelf_of(profile["sub"]) if profile else None
    ACCOUNT.set(shelf)
    if shelf is None or studio.library is None:
        return message
    studio.put_all_on_shelf(message.get("shelf"), shelf)
    return message | {"shelf": shelf}
