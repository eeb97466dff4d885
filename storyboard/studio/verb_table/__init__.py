"""The table of verbs for programs: what the page can do, defined once for API, MCP and command line.

A verb that is added here appears in all three, and in docs/programs.md. Imports neither torch nor Gradio, and knows no
door.
"""

from __future__ import annotations

from storyboard.studio.verb_table.drawings import DRAWING_VERBS
from storyboard.studio.verb_table.frames import FRAME_VERBS
from storyboard.studio.verb_table.people import PEOPLE_VERBS
from storyboard.studio.verb_table.stories import STORY_VERBS
from storyboard.studio.verb_table.verb import Verb

# Grouped by what they are about, in the order of the documentation.
GROUPS: dict[str, tuple[Verb, ...]] = {
    "Stories": STORY_VERBS,
    "Frames": FRAME_VERBS,
    "Drawing": DRAWING_VERBS,
    "People": PEOPLE_VERBS,
}
VERBS: dict[str, Verb] = {verb.name: verb for verbs in GROUPS.values() for verb in verbs}
