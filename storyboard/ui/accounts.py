"""Signing in to Hugging Face, where an app offers that: whose stories are whose on any browser.

Gradio signs people in and keeps who they are in a signed cookie. Here an account gets a shelf, as a browser has one:
nobody can guess it, and it is the same wherever its owner signs in. Knows Gradio's profiles, no models.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from importlib.util import find_spec

import gradio as gr
from gradio.utils import get_space

from storyboard.studio.studio import Studio

GIVEN = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL")


def can_sign_in() -> bool:
    """Returns whether this is a Space whose front matter has `hf_oauth: true`, with the packages that this takes."""
    packages = all(find_spec(name) is not None for name in ("authlib", "itsdangerous"))
    return packages and get_space() is not None and all(os.environ.get(name) for name in GIVEN)


def shelf_of(profile: gr.OAuthProfile) -> str:
    """Returns the id of an account's shelf. It follows from the app's own secret, so that nobody else can tell it."""
    secret = os.environ.get("OAUTH_CLIENT_SECRET", "")
    return hmac.new(secret.encode(), f"shelf of {profile['sub']}".encode(), hashlib.sha256).hexdigest()


def with_own_shelf(studio: Studio, message: dict, profile: gr.OAuthProfile | None) -> dict:
    """Returns the message with the shelf of the account, if somebody is signed in, in place of the browser's shelf.

    Stories of the browser's shelf are on the account's from then on.
    """
    if profile is None or studio.library is None:
        return message
    shelf = shelf_of(profile)
    studio.put_all_on_shelf(message.get("shelf"), shelf)
    return message | {"shelf": shelf}
