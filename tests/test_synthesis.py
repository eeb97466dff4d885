"""People are read off a picture by drawing them, from nothing but their boxes."""

import numpy as np
from PIL import Image

from storyboard.models.judge import SeenFrame
from storyboard.models.judge.network import SeenPerson
from storyboard.models.judge.vocabulary import SETS
from training.evaluate.judge.frames import story_frame
from training.evaluate.judge.synthesis import fitted, read_by_drawing
from training.evaluate.judge.vocabulary import labels_of, maple_lane_vocabulary
from training.maple_lane import Scene, sample_people_story

VOCABULARY = maple_lane_vocabulary()


def knowing_nothing(scene: Scene) -> SeenFrame:
    """Returns where the people of a scene and the place are, and no idea of looks and actions."""
    heads = (*VOCABULARY.choices, *SETS)
    said = {head: np.full(n := len(VOCABULARY.labels(head)), 1 / n, np.float32) for head in heads}
    nothing = np.zeros(1, np.float32)
    people = tuple(SeenPerson(box, 1.0, said, nothing, nothing) for box in story_frame(scene).boxes)
    return SeenFrame(people, np.array([float(name == scene.place) for name in VOCABULARY.places]))


def test_a_stranger_is_read_off_a_real_frame():
    """A trained judge named half of the hair styles, tops and bottoms of people whom it had never met."""
    frame = next(
        f for n in range(9) for f in sample_people_story(n, 4, "test").frames if len(f.scene.actors) == 1
    )
    picture = Image.fromarray(story_frame(frame.scene).picture())
    read = read_by_drawing(picture, knowing_nothing(frame.scene), VOCABULARY)
    wanted = labels_of(frame.scene.actors[0])
    for part in ("hair", "hair_colour", "skin", "top", "top_colour", "bottom_colour", "action"):
        chances = read.people[0].said[part]
        assert chances[VOCABULARY.labels(part).index(wanted[part])] >= chances.max() - 1e-6, part


def test_an_empty_frame_is_itself():
    scene = Scene("park", time="night")
    found = fitted(Image.fromarray(story_frame(scene).picture()), knowing_nothing(scene), VOCABULARY)
    assert (found.scene.place, found.scene.time, found.scene.actors) == ("park", "night", ())
