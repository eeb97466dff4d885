"""What stays the same over a story's frames, from labels alone: outfits, places, and whom a pronoun means."""

from types import SimpleNamespace

from training.evaluate.continuity import continuity, rivals
from training.evaluate.labels import maple_lane_names
from training.evaluate.metrics import Labels
from training.maple_lane import BY_NAME, PLACES, story

NAMES = maple_lane_names()


def truth_of(frames) -> Labels:
    return NAMES.labels_of([frame.truth.scene for frame in frames])


def frames_of(tale, captions="referential") -> list:
    return [
        SimpleNamespace(story=tale, number=number, truth=frame, caption=getattr(frame, captions))
        for number, frame in enumerate(tale.frames)
    ]


def all_frames() -> list:
    return [frame for index in range(40) for frame in frames_of(story("test", index))]


def test_perfect_pictures_keep_everything():
    frames = all_frames()
    truth = truth_of(frames)
    found = continuity(frames, NAMES, truth, truth)
    assert all((ratio.above == ratio.below).all() and ratio.below.sum() > 0 for ratio in found.values())
    unnamed, everybody = found["Outfit kept, unnamed"].below, truth.characters.sum(axis=1)
    assert (unnamed <= everybody).all() and unnamed.sum() < everybody.sum()


def test_places_count_where_the_sentence_leaves_them_out():
    frames = all_frames()
    counted = continuity(frames, NAMES, truth_of(frames), truth_of(frames))["Place kept unsaid"].below
    for frame, counts in zip(frames, counted, strict=True):
        said = any(place.noun in frame.caption for place in PLACES.values())
        assert not (counts and said)
        assert counts or frame.number == 0 or said


def test_she_drawn_as_the_other_she_is_wrong():
    frames = all_frames()
    truth = truth_of(frames)
    row = next(i for i, f in enumerate(frames) if any(rivals(f, r) for r in f.truth.references))
    reference = next(r for r in frames[row].truth.references if rivals(frames[row], r))
    (rival, *_) = rivals(frames[row], reference)
    assert BY_NAME[rival].pronoun == BY_NAME[reference.names[0]].pronoun
    seen = Labels(truth.characters.copy(), truth.places, truth.outfits, truth.actions)
    seen.characters[row, NAMES.characters.index(rival)] = True
    right, wrong = (
        continuity(frames, NAMES, truth, one)["Pronoun, two of that gender"] for one in (truth, seen)
    )
    assert right.below[row] == wrong.below[row] > wrong.above[row]
