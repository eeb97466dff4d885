"""Signing in to Hugging Face, if the app offers it. It decides whose stories are whose, in browsers and in programs.

Gradio signs people in and keeps in a signed cookie who they are; a program sends a token of the Hub. Here an account
gets a shelf, as a browser has one: nobody can guess its id, and it is the same wherever its owner signs in. Knows
Gradio's profiles and the Hub, but no models.
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

SECONDS_KNOWN = 600  # after so long the Hub is asked again whose token it is
_TOKEN = re.compile(r"Bearer (hf_\w{1,200})", re.IGNORECASE)
GIVEN = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL")


def can_sign_in() -> bool:
    """Returns whether this is a Space whose front matter has `hf_oauth: true`, with the packages needed for that."""
    packages = all(find_spec(name) is not None for name in ("authlib", "itsdangerous"))
    return packages and get_space() is not None and all(os.environ.get(name) for name in GIVEN)


def shelf_of(account: str) -> str:
    """Returns the id of the shelf of an account, given the account's id on the Hub.

    It depends on a secret of the app, so nobody else can compute it.
    """
    secret = os.environ.get("OAUTH_CLIENT_SECRET", "")
    return hmac.new(secret.encode(), f"shelf of {account}".encode(), hashlib.sha256).hexdigest()


def shelf_of_program(headers: Mapping[str, str]) -> str | None:
    """Returns the shelf of the account whose token a program sends.

    Returns None if it sends none, or if the app offers no signing in. StoryError if the Hub does not know the token.
    """
    # gradio_client sends the first header; a Space may remove the second one for its own use.
    sent = headers.get("x-hf-authorization") or headers.get("authorization") or ""
    token = _TOKEN.fullmatch(sent)
    if token is None or not can_sign_in():
        return None
    return shelf_of(_account_of(token[1], int(time.time()) // SECONDS_KNOWN))


@functools.lru_cache(maxsize=1000)
def _account_of(token: str, period: int) -> str:
    """Returns the id of a token's account.

    It is asked for once per `period`, because the Hub answers few such questions.
    """
    try:
        return HfApi().whoami(token)["id"]
    except Exception as error:  # which errors a connection raises depends on the network
        refused = getattr(getattr(error, "response", None), "status_code", None) in (401, 403)
        raise StoryError(FORGED if refused else UNASKED) from error


FORGED = "Hugging Face does not know that token; send one from huggingface.co/settings/tokens, or none."
UNASKED = "Hugging Face could not be asked whose token that is; try again in a while, or send none."


def with_own_shelf(studio: Studio, message: dict, profile: gr.OAuthProfile | None) -> dict:
    """Returns the message with the account's shelf in place of the browser's shelf, if somebody is signed in.

    Stories on the browser's shelf are then on the account's shelf too, and the call counts as one of the account.
    """
    shelf = shelf_of(profile["sub"]) if profile else None
    ACCOUNT.set(shelf)
    if shelf is None or studio.library is None:
        return message
    studio.put_all_on_shelf(message.get("shelf"), shelf)
    return message | {"shelf": shelf}
