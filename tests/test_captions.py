"""Rules for text: mentions, pronouns, cleaning, the interleaved prompt, and sentences that cannot be drawn."""

import time

import pytest

from storyboard.errors import StoryError
from storyboard.text.captions import (
    MAX_CAPTION,
    clean_caption,
    find_mentions,
    find_pronouns,
    mentioned_names,
    read_sentence,
)
from storyboard.text.prompt import PictureSlot, frames_to_read, interleave
from storyboard.text.sentences import check_caption, find_dangling_pronoun, find_stranger

NAMES = {"Rosa": (), "Milo": (), "Don": (), "Mr Slate": ("Slate",), "Bolt": ("the robot",)}


def written(caption: str) -> list[str]:
    return [caption[mention.start : mention.end] for mention in find_mentions(caption, NAMES)]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Rosa waves to Milo.", ["Rosa", "Milo"]),
        ("Rosa's kite and Rosa\u2019s hat, Rosa'll see", ["Rosa", "Rosa", "Rosa"]),
        ("rosa and MILO", ["rosa", "MILO"]),
        ("Rosalind, Rosas, Primrosa and _Rosa_", []),
        ("Anne-Rosa, Rosa-Anne and Rosa\u2010Anne", []),
        ("Ros\u00e1 is not Rosa\u0301 either", []),  # composed and combining accents
        ("Don't, said Don; don\u2019t", ["Don"]),
        ("Mr Slate meets Slate", ["Mr Slate", "Slate"]),
        ("(Rosa), \u201cMilo\u201d - Rosa\u2014Milo", ["Rosa", "Milo", "Rosa", "Milo"]),
        ("Rosa\u548cMilo\u5728\u516c\u56ed", ["Rosa", "Milo"]),  # Chinese writes no spaces
        ("The robot hums", ["The robot"]),
        ("Nobody here", []),
    ],
)
def test_only_whole_words_are_mentions(caption, expected):
    assert written(caption) == expected


def test_a_longer_name_wins_over_a_shorter_one_wherever_it_starts():
    names = {"Ana": ("Ana Bel",), "Bel Air": ()}
    assert [mention.name for mention in find_mentions("Ana Bel Air", names)] == ["Ana"]
    assert [mention.name for mention in find_mentions("Ana Belle", names)] == ["Ana"]


def test_an_alias_is_reported_under_its_name_once_in_order_of_first_mention():
    assert mentioned_names("The robot and Rosa see Bolt", NAMES) == ("Bolt", "Rosa")


def test_a_shared_alias_goes_to_the_first_and_an_empty_one_to_nobody():
    assert mentioned_names("the twin", {"Ida": ("the twin", ""), "Eda": ("the twin", " ")}) == ("Ida",)


def test_names_are_text_and_never_patterns():
    assert mentioned_names("a (.*)+ b", {"(.*)+": (), "[a-z]": ()}) == ("(.*)+",)


def test_pronouns_are_whole_words_with_their_places():
    caption = "Then SHE'd give them hers; the hero, their heir"
    assert [pronoun.word for pronoun in find_pronouns(caption)] == ["she", "them", "hers", "their"]
    assert all(caption[one.start : one.end].lower() == one.word for one in find_pronouns(caption))
    every = "he him his she her hers they them their it its"
    assert " ".join(pronoun.word for pronoun in find_pronouns(every)) == every


def test_cleaning_folds_whitespace_and_drops_what_cannot_be_seen():
    assert (
        clean_caption("  Rosa\t\n waves\u00a0\u2028to\u202e\u200b\ufeff Mi\u00adlo\x00\x1b. ")
        == "Rosa waves to Milo."
    )
    assert clean_caption("Zoe\u0308") == "Zo\u00eb"
    assert (
        clean_caption("Rosa waves \U0001f469\u200d\U0001f680\udc80")
        == "Rosa waves \U0001f469\u200d\U0001f680"
    )


@pytest.mark.parametrize("text", ["", " \n", "...", "\u200b\u202e", "\u3000"])
def test_a_sentence_without_words_is_refused(text):
    with pytest.raises(StoryError, match="Frame 2 has no words; write"):
        clean_caption(text, what="Frame 2")


def test_an_over_long_sentence_is_refused_with_its_length():
    assert len(clean_caption("a" * MAX_CAPTION)) == MAX_CAPTION
    with pytest.raises(StoryError, match=r"601 characters long; shorten it to 600"):
        clean_caption("a" * (MAX_CAPTION + 1))


@pytest.mark.parametrize(
    "text", ["a" * 10**6, "Rosa " * 10**5, "\u0301" * 10**6, '"' * 10**6, "-'" * 10**6, "." * 10**6]
)
def test_hostile_text_takes_no_time(text):
    start = time.perf_counter()
    with pytest.raises(StoryError):
        clean_caption(text)
    for cut in (text[:MAX_CAPTION], text[: MAX_CAPTION - 1] + "!"):
        sentence = read_sentence(cut, NAMES)
        find_stranger(sentence), find_dangling_pronoun(sentence)
    assert time.perf_counter() - start < 1


def test_the_prompt_of_a_first_frame_is_its_caption():
    assert interleave([], "Rosa waves.") == [" Caption: Rosa waves. Image:"]


@pytest.mark.parametrize(
    "captions, caption, read",
    [
        (["Rosa sings.", "She waves."], "She runs.", [0, 1]),
        (["In the park.", "She waves.", "She sings.", "She reads."], "She runs.", [0, 2, 3]),
        (["In the park.", "On the beach.", "She waves.", "She sings.", "She reads."], "She runs.", [1, 3, 4]),
        (["In the park.", "She waves.", "On the beach.", "She sings."], "She runs.", [1, 2, 3]),
        (["In the park.", "She waves.", "She sings.", "She reads."], "She runs on the Beach.", [1, 2, 3]),
        (["In the parking lot.", "She waves.", "She sings.", "She reads."], "She runs.", [1, 2, 3]),
        (["Rosa sings.", "She waves.", "She sings.", "She reads."], "She runs.", [1, 2, 3]),
    ],
)
def test_a_story_reads_its_last_frames_and_the_one_that_last_said_where(captions, caption, read):
    """A story lost its place four frames after naming it: only 72 % of the unsaid places were kept."""
    assert frames_to_read(captions, caption, 3, ["park", "beach"]) == read
    assert frames_to_read(captions, caption, 1, ["park", "beach"]) == [len(captions) - 1]


def test_the_prompt_interleaves_pictures_and_captions_in_the_papers_form():
    assert interleave(["one", "two"], "three") == [
        " Image: <img>",
        PictureSlot("frame", 0),
        "</img> Caption: one Image: <img>",
        PictureSlot("frame", 1),
        "</img> Caption: two Caption: three Image:",
    ]


def test_with_a_tail_the_texts_end_where_the_authors_inference_code_ends_them():
    assert interleave(["one", "two"], "three", tail=" ") == [
        " Image: <img>",
        PictureSlot("frame", 0),
        ("</img> Caption: one", " Image: <img>"),
        PictureSlot("frame", 1),
        ("</img> Caption: two", " Caption: three Image: "),
    ]
    assert interleave([], "one", tail=" ") == [" Caption: one Image: "]


def test_the_cast_opens_the_prompt_with_its_portraits():
    assert interleave(["one"], "two", cast=["Rosa", "Milo"]) == [
        " Cast: Rosa: <img>",
        PictureSlot("portrait", 0),
        "</img> Milo: <img>",
        PictureSlot("portrait", 1),
        "</img> Image: <img>",
        PictureSlot("frame", 0),
        "</img> Caption: one Caption: two Image:",
    ]


def test_without_pictures_the_prompt_is_a_text_for_each_sentence():
    assert interleave(["one", "two"], "three", cast=["Rosa"], pictures=False) == [
        " Caption: one",
        " Caption: two",
        " Caption: three Image:",
    ]


@pytest.mark.parametrize(
    ("caption", "stranger"),
    [
        ("Zelda waves.", "Zelda"),
        ("Zelda rides a bike.", "Zelda"),
        ("Zelda's here. Zelda laughs", "Zelda"),
        ("Rosalind sleeps", "Rosalind"),  # a name inside a word does not count
        ("Rosa and Zelda dance", "Zelda"),
        ("Zelda and Rosa dance", "Zelda"),
        ("Rosa waves to Zelda", "Zelda"),
        ("Rosa hugs Zelda's dog", "Zelda"),
        ("Rosa, Milo and Slate meet", None),
        ("Rosa walks down Maple Lane to Paris in July", None),
        ("Milo has a Batman mug", None),
        ('The sign says "Stop, Zelda"', None),
        ("Today, Rosa naps. Outside, Milo sings", None),
        ("Then Zelda waves at her", "Zelda"),  # this was read as one long name, "Then Zelda"
        ("Soon Bruno arrives on the beach", "Bruno"),
        ("Then Maple Lane is quiet", None),
        ("Ocean waves crash", None),
        ("Paper boats in a fountain", None),
        ("Snow falls on the lane", None),
        ("Everyone waves to Rosa", None),
        ("Rosa Feeds The Ducks", None),
        ("ROSA WAVES TO ALL", None),
    ],
)
def test_a_stranger_is_found_only_where_the_word_is_clearly_a_name(caption, stranger):
    assert find_stranger(read_sentence(caption, NAMES)) == stranger


def test_the_error_for_a_stranger_names_the_frame_the_cast_and_all_ways_out():
    with pytest.raises(StoryError) as caught:
        check_caption("Zelda waves.", 2, {"Rosa": (), "Milo": ()}, [])
    assert str(caught.value) == (
        "Frame 2 names Zelda, who is not in the cast (Rosa, Milo); use one of them, add Zelda to the cast, or"
        " write zelda in small letters if it is not a person."
    )
    assert check_caption("zelda waves.", 2, {"Rosa": ()}, []) == "zelda waves."


@pytest.mark.parametrize(
    "caption", ["She waves.", "In the park he runs", "Then they dance", "At dawn, her kite flies"]
)
def test_a_pronoun_with_nobody_to_stand_for_is_refused(caption):
    with pytest.raises(StoryError, match=r'Frame 2 says "\w+", but nobody .*name a character \(Rosa\)'):
        check_caption(caption, 2, {"Rosa": ()}, ["The lane at dawn."])
    assert check_caption(caption, 2, {"Rosa": ()}, ["Rosa arrives."]) == caption


@pytest.mark.parametrize(
    "caption",
    ["The lane at dawn.", "A woman waves her hand", "It is raining.", "In a yard a boy naps, his hat on"],
)
def test_a_scene_that_names_nobody_is_fine(caption):
    assert check_caption(caption, 1, {"Rosa": ()}, []) == caption
