"""How a row of the table changes a story: through the edit of the same name, which the page uses too.

Imports neither torch nor Gradio.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from storyboard.story.values import Story
from storyboard.studio.verb_table.answers import InShort
from storyboard.studio.verb_table.arguments import STORY
from storyboard.studio.verb_table.verb import Argument, Effect, Verb

# Gives what the verb returns, from the story after the edit, the arguments, and what the edit returned.
Tells = Callable[[Story, Mapping[str, Any], Any], Any]


def edit(
    name: str,
    text: str,
    arguments: tuple[Argument, ...],
    effect: Effect,
    returns: str,
    tells: Tells,
    in_app: bool = False,
) -> Verb:
    """Returns the verb that does the edit `name` of `verbs.EDITS` to a story, and returns what `tells` gives."""

    def does(studio: Any, story_id: str, **given: Any) -> Any:
        fields = {one.field or one.name.removesuffix("_id"): given[one.name] for one in arguments}
        result = studio.change(story_id, name, **fields)
        return tells(studio.session(story_id).story, given, result)

    return Verb(name, text, (STORY, *arguments), does, effect, returns, in_app=in_app)


def edit_of_a_frame(name: str, text: str, arguments: tuple[Argument, ...], effect: Effect = "sets") -> Verb:
    return edit(name, text, arguments, effect, "The frame.", the_frame)


def edit_told_in_short(
    name: str, text: str, arguments: tuple[Argument, ...] = (), effect: Effect = "sets", in_app: bool = False
) -> Verb:
    return edit(name, text, arguments, effect, "The story in short.", in_short, in_app)


def the_frame(story: Story, given: Mapping[str, Any], result: Any) -> Any:
    return story.frame(given["frame_id"])


def the_result(story: Story, given: Mapping[str, Any], result: Any) -> Any:
    return result


def the_character(story: Story, given: Mapping[str, Any], result: Any) -> Any:
    return story.character(given["name"])


def in_short(story: Story, given: Mapping[str, Any], result: Any) -> Any:
    return InShort(result if isinstance(result, str) else None)
