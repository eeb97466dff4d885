"""All stories: made, opened, taken in, listed on shelves, copied and restored.

Imports neither torch nor Gradio. A story is reached by its id, which nobody can guess. A story that was begun by a
signed-in user can be reached only by that user. Values from outside are checked here; bad ones raise a StoryError. With
a library, every change is on disk when it is made. Without one, stories end with the app.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.library import Entry, Library
from storyboard.renderer import Renderer
from storyboard.story.values import Character, Portrait, Story, new_id
from storyboard.studio.session import StorySession
from storyboard.studio.sessions import MAX_OPEN, Sessions
from storyboard.studio.verbs import an_id
from storyboard.studio.visitors import ACCOUNT
from storyboard.text.places import Calling

MAX_STORIES = 2000  # the most stories without a library


class Stories:
    """The stories of all users of this app. Safe to call from several threads.

    library: closed by the caller who opened it; `pictures` are then its pictures.
    model: the name of the pipeline.
    drawn_by: the name with a hash of the weights, which is noted in every take.
    steps: denoising steps of every frame; None: the pipeline's usual number.
    draws_anybody: whether the pipeline can draw everybody who has a look, and not only its own cast.
    knows_no_cast: whether it has learned nobody, and draws everybody from portraits and words.
    places: what the places that it knows are called.
    """

    def __init__(
        self,
        renderer: Renderer,
        cast: Sequence[Character],
        pictures: PictureStore,
        steps: int | None = None,
        max_stories: int | None = None,
        library: Library | None = None,
        model: str = "",
        drawn_by: str = "",
        draws_anybody: bool = False,
        knows_no_cast: bool = False,
        places: Calling | None = None,
    ) -> None:
        self.renderer = renderer
        self.model = model
        self.cast = tuple(cast)
        self.pictures = pictures
        self.steps = steps
        self.drawn_by = drawn_by or model
        self.draws_anybody = draws_anybody
        self.knows_no_cast = knows_no_cast
        self.places: Calling = places or {}
        self.library = library
        own = [portrait for one in self.cast for portrait in one.portraits]
        self._own_portraits = {key for portrait in own for key in (portrait.id, portrait.picture)}
        self._sessions = Sessions(
            self._session, library, max_stories or (MAX_OPEN if library else MAX_STORIES)
        )

    def create(self, shelf: object = None) -> str:
        """Begins a new empty story with the whole cast. Returns its id.

        It is saved with its first change, and is on `shelf` from then on.
        """
        return self._begun(self._sessions.create(self.cast).story.id, shelf)

    def has_learned(self, portrait: Portrait) -> bool:
        """Returns whether the pipeline can draw the person in a portrait.

        It can draw its own cast; some pipelines also draw everybody who has a look, or everybody.
        """
        if self.knows_no_cast:
            return True
        own = not self._own_portraits.isdisjoint((portrait.id, portrait.picture))
        return own or (self.draws_anybody and portrait.look is not None)

    def has(self, story_id: object) -> bool:
        return isinstance(story_id, str) and len(story_id) <= 100 and self._sessions.has(story_id)

    def session(self, story_id: object) -> StorySession:
        """Returns the session of the story with that id. It is opened if it was not.

        StoryError if there is no such story, or if it belongs to another account than the caller's.
        """
        self._check_owner(story_id)
        return self._session_of(story_id)

    def belongs_to_another(self, story_id: object) -> bool:
        """Returns whether another account than the caller's owns the story."""
        owner = self.library.shelves.owner(story_id) if self.library and isinstance(story_id, str) else None
        return owner is not None and owner != ACCOUNT.get()

    def adopt(self, story: Story, shelf: object = None) -> str:
        """Takes in a story from elsewhere under a fresh id. Its pictures must be in the store already.

        Returns the id.
        """
        return self._begun(self._sessions.adopt(replace(story, id=new_id())).story.id, shelf)

    def show(self, story: Story, story_id: str, shelf: object = None) -> str:
        """Takes in a story as `adopt` does, but under the given id. Returns the id.

        The story is saved, and put on the shelf, only with its first change.
        """
        return self._begun(self._sessions.show(replace(story, id=story_id)).story.id, shelf)

    def show_copy(self, story_id: object, shelf: object = None) -> str:
        """Takes in a copy of a story that may belong to somebody else, as `show` does. Returns the id of the copy."""
        return self.show(self._session_of(story_id).story, new_id(), shelf)

    def stories(self, shelf: object, deleted: bool = False) -> tuple[Entry, ...]:
        """Returns the stories of a shelf, the latest first.

        With `deleted`, returns the stories that can be restored instead.
        """
        return self.library.shelves.list(an_id(shelf), deleted) if self.library else ()

    def put_on_shelf(self, shelf: object, story_id: object) -> None:
        """Puts a story into the list of a shelf, which is the id that a browser keeps."""
        if self.library:
            self.library.shelves.put(an_id(shelf), self.session(story_id).story.id)

    def put_all_on_shelf(self, source: object, shelf: str) -> None:
        """Puts all stories in the list of one shelf into that of another as well."""
        if self.library and isinstance(source, str):
            self.library.shelves.put_all(source, shelf)

    def duplicate_story(self, story_id: object, shelf: object = None) -> str:
        """Copies a story under a fresh id, with its takes. Returns the id."""
        story = self.session(story_id).story
        return self._begun(self._kept().duplicate(story.id), shelf)

    def restore_story(self, story_id: object) -> None:
        self._check_owner(story_id)
        self._kept().restore(an_id(story_id))

    def _begun(self, story_id: str, shelf: object) -> str:
        """Puts a new story on the shelf it was begun for, and makes a signed-in user its owner. Returns its id."""
        account = ACCOUNT.get()
        if self.library and account is not None:
            self.library.shelves.give(story_id, account)
        for one in (account, shelf):
            if one is not None:
                self.put_on_shelf(one, story_id)
        return story_id

    def _session_of(self, story_id: object) -> StorySession:
        if not isinstance(story_id, str) or len(story_id) > 100:
            raise StoryError("There is no story with that id; check the link, or begin a new one.")
        return self._sessions.get(story_id)

    def _check_owner(self, story_id: object) -> None:
        if self.belongs_to_another(story_id):
            raise StoryError(
                "That story belongs to somebody else's Hugging Face account; sign in as its owner, or open its address "
                "in a browser for a copy of your own."
            )

    def _session(self, story: Story, **kept) -> StorySession:
        return StorySession(
            story,
            self.renderer,
            self.pictures,
            steps=self.steps,
            explain=True,
            model=self.drawn_by,
            places=self.places,
            **kept,
        )

    def _kept(self) -> Library:
        if self.library is None:
            raise StoryError(
                "This app keeps stories only as long as it runs; start it with a library folder."
            )
        return self.library
