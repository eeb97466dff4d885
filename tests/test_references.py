"""The co-referential extension: each special case of the published rules, one by one."""

import pytest

from storyboard.errors import StoryError
from training.data.references import (
    RULES,
    ReferentialCaption,
    caption_index,
    extend_flintstones,
    extend_pororo,
    main_name,
    mark_names,
    shared_names,
)


def second(caption: str, before: list[str], now: list[str], rule: str = "evaluation") -> ReferentialCaption:
    """Returns the second frame of a FlintstonesSV story."""
    return extend_flintstones(["Somebody waits.", caption], [before, now], rule)[1]


def text(*story, **options) -> str:
    return second(*story, **options).text


# FlintstonesSV, evaluation


def test_the_vector_of_a_replaced_pair_and_a_name_that_stays():
    made = second("Fred and Barney are. Fred talks.", ["barney", "fred"], ["fred", "barney"])
    assert made == ReferentialCaption("They are. Fred talks.", refers=False)


def test_a_pair_is_replaced_in_either_order_and_everywhere():
    assert text("Betty and Fred sit. Betty and Fred eat.", ["fred", "betty"], ["fred", "betty"]) == (
        "They sit. They eat."
    )
    assert second("Fred and Betty sit.", ["fred", "betty"], ["fred", "betty"]).refers


def test_three_are_replaced_only_in_the_order_of_the_frame_they_came_with_and_without_a_comma_before_and():
    trio, other = ["fred", "barney", "wilma"], ["wilma", "fred", "barney"]
    assert text("Fred, Barney and Wilma sit.", trio, other) == "They sit."
    assert second("Wilma, Fred and Barney sit.", trio, other).text == "Wilma, Fred and Barney sit."
    assert text("Fred, Barney, and Wilma sit.", trio, trio) == "Fred, Barney, and Wilma sit."


def test_four_stay_as_they_are_and_still_count_as_referring():
    crowd = ["fred", "barney", "wilma", "betty"]
    made = second("The four of them sit.", crowd, crowd)
    assert made == ReferentialCaption("The four of them sit.", refers=True)


@pytest.mark.parametrize(
    ("name", "pronoun"),
    [("wilma", "She"), ("betty", "She"), ("pebbles", "She"), ("fred", "He"), ("dino", "He")],
)
def test_one_listed_character_becomes_she_or_he_wherever_the_name_stands(name, pronoun):
    capital = name.capitalize()
    made = second(f"{capital} sits. {capital} eats.", [name], [name])
    assert made == ReferentialCaption(f"{pronoun} sits. {pronoun} eats.", refers=True)


def test_replacing_knows_no_words():
    assert text("Fred's hat. Freddy too.", ["fred"], ["fred"]) == "He's hat. Hedy too."


def test_an_unlisted_character_stays_and_still_counts_as_referring():
    made = second("Hoppy sits.", ["hoppy"], ["hoppy"])
    assert made == ReferentialCaption("Hoppy sits.", refers=True)


def test_mr_slate_stays_because_only_his_first_letter_is_raised():
    made = second("Mr Slate talks.", ["mr slate"], ["mr slate"])
    assert made == ReferentialCaption("Mr Slate talks.", refers=True)
    assert text("Mr slate talks.", ["mr slate"], ["mr slate"]) == "He talks."


def test_other_people_are_remembered_and_the_first_frame_is_never_changed():
    made = extend_flintstones(
        ["Fred sits.", "Wilma sits.", "Wilma eats.", "Fred eats."], [["fred"], ["wilma"], ["wilma"], ["fred"]]
    )
    assert [m.text for m in made] == ["Fred sits.", "Wilma sits.", "She eats.", "Fred eats."]
    assert [m.refers for m in made] == [False, False, True, False]


def test_a_subset_of_the_people_before_is_not_the_same_people():
    """The code looks for a list in a list of names as its second test, which can never be true."""
    assert second("Fred sits.", ["fred", "barney"], ["fred"]) == ReferentialCaption("Fred sits.")


def test_a_name_left_in_the_caption_takes_the_flag_away():
    assert not second("They say Fred sits with Dino now", ["fred", "barney"], ["barney", "fred"]).refers
    assert second("Barney, and no other.", ["hoppy"], ["hoppy"]).refers  # "Barney," is not the word Barney


def test_marked_are_words_between_spaces_that_are_a_name_in_any_case():
    assert [m.name for m in mark_names("Fred sees WILMA, Barney's and dino")] == ["fred", "dino"]
    assert mark_names("Mr Slate talks to Mr  Slate.") == ()
    caption = "Then  Betty sits"
    assert [caption[m.start : m.end] for m in mark_names(caption)] == ["Betty"]


def test_nobody_after_nobody_is_left_alone():
    assert second("A house.", [], []) == ReferentialCaption("A house.")
    assert extend_flintstones(["A house.", "A house."], [[], []], "training")[1].text == "A house."


# FlintstonesSV, the authors' training, and Story-LDM


@pytest.mark.parametrize("rule", ["training", "story-ldm"])
def test_in_training_everyone_alone_is_he(rule):
    assert text("Wilma sits.", ["wilma"], ["wilma"], rule=rule) == "He sits."
    assert text("Hoppy sits.", ["hoppy"], ["hoppy"], rule=rule) == "He sits."
    assert second("Mr Slate talks.", ["mr slate"], ["mr slate"], rule).text == "Mr Slate talks."


def test_in_training_a_crowd_reuses_what_was_replaced_last():
    crowd = ["fred", "barney", "wilma", "betty"]
    made = extend_flintstones(
        ["Fred sits.", "Fred eats.", "All four meet.", "Fred speaks."],
        [["fred"], ["fred"], crowd, crowd],
        "training",
    )
    assert [m.text for m in made] == ["Fred sits.", "He eats.", "All four meet.", "They speaks."]
    assert text("Fred sits.", crowd, crowd, rule="training") == "Fred sits."  # nothing has been replaced yet


def test_in_training_names_left_over_do_not_take_the_flag_away():
    assert second(
        "Fred and Barney are. Fred talks.", ["barney", "fred"], ["fred", "barney"], "training"
    ).refers


def test_story_ldm_compares_people_in_their_order():
    assert text("Fred and Barney sit.", ["fred", "barney"], ["barney", "fred"], rule="story-ldm") == (
        "Fred and Barney sit."
    )
    assert (
        text("Fred and Barney sit.", ["fred", "barney"], ["fred", "barney"], rule="story-ldm") == "They sit."
    )


# PororoSV


def pororo(*captions: str, rule: str = "evaluation") -> list[str]:
    return [made.text for made in extend_pororo(captions, rule)]


def test_the_main_character_is_the_only_name():
    assert main_name("Loopy sits in the snow.") == "Loopy"
    assert main_name("It is snowing.") == ""


def test_of_several_names_the_first_listed_of_the_last_sentence_counts():
    assert main_name("Crong and Pororo sit.") == "Pororo"
    assert main_name("Pororo sits. Poby and Crong stand.") == "Crong"
    assert main_name("Pororo and Crong sit. It snows.") == ""


def test_names_are_found_inside_words_and_in_small_letters():
    assert main_name("The Teddy bear sits.") == "eddy"
    assert pororo("A teddy sits.", "The teddy waves.")[1] == "The tHe waves."


def test_the_same_main_character_becomes_she_or_he_everywhere():
    assert pororo("Loopy cooks.", "Then Loopy waits. Loopy sings.") == [
        "Loopy cooks.",
        "Then She waits. She sings.",
    ]
    assert pororo("Crong cooks.", "Then Crong waits.") == ["Crong cooks.", "Then He waits."]


def test_the_vectors_of_shared_openings():
    assert shared_names("Pororo and Crong are happy.", "Pororo and Crong are sad.") == (
        "Pororo",
        "and",
        "Crong",
    )
    assert shared_names("Pororo and Crong sit.", "Pororo and Loopy sit.") == ("Pororo", "and")
    assert pororo("Pororo and Crong sit.", "Pororo and Loopy sit.")[1] == "They Loopy sit."


def test_a_shared_opening_goes_on_over_commas_and_over_any_and():
    assert shared_names("Pororo, Crong, and Poby are", "Pororo, Crong, and Poby run") == (
        *("Pororo,", "Crong,", "and", "Poby"),
    )
    assert shared_names("Pororo standing here", "Pororo standing there") == ("Pororo", "standing")


def test_a_shared_opening_that_never_stops_loses_its_last_word():
    assert shared_names("Pororo and Crong", "Pororo and Crong") == ("Pororo", "and")
    assert shared_names("Pororo sits.", "Crong sits.") == ()


def test_they_is_said_everywhere_in_evaluation_and_once_in_training():
    before = "Pororo and Crong are here."
    after = "Pororo and Crong are happy. Pororo and Crong dance."
    assert pororo(before, after)[1] == "They are happy. They dance."
    assert pororo(before, after, rule="training")[1] == "They are happy. He and Crong dance."


def test_they_alone_does_not_count_as_referring():
    made = extend_pororo(["Pororo and Crong sit.", "Pororo and Crong stand."])
    assert made[1] == ReferentialCaption("They stand.", refers=False)
    assert extend_pororo(["Crong sits.", "Crong runs."])[1].refers


def test_the_opening_is_compared_with_the_last_caption_whose_character_stayed():
    story = ("Pororo and Crong sit.", "Loopy cooks.", "Pororo and Crong dance.")
    assert pororo(*story)[2] == "They dance."
    # The kept caption is the one before the name became "He", but already with "They" in it.
    assert (
        pororo("Crong sits.", "Crong and Poby run. Crong waves.", "Crong and Poby run on.")[2]
        == "They run on."
    )


def test_story_ldm_says_no_they_and_takes_the_first_captions_full_stop_for_a_sentence():
    story = ("Pororo and Crong sit.", "Pororo and Crong stand.")
    assert pororo(*story, rule="story-ldm") == list(story)
    assert pororo("Crong sits.", "Crong runs.", rule="story-ldm")[1] == "He runs."


def test_the_caption_of_a_picture_in_training():
    assert [caption_index(number, 10, 3) for number in range(10)] == [1, 1, 1, 2, 2, 2, 2, 2, 2, 2]
    assert [caption_index(number, 4, 1) for number in range(4)] == [0, 0, 0, 0]


@pytest.mark.parametrize("rule", RULES)
def test_a_story_of_one_frame_is_itself(rule):
    assert extend_flintstones(["Fred sits."], [["fred"]], rule)[0].text == "Fred sits."
    assert pororo("Crong sits.", rule=rule) == ["Crong sits."]


def test_an_unknown_rule_is_refused_by_name():
    with pytest.raises(StoryError, match='"best".*evaluation, training, story-ldm'):
        extend_flintstones(["Fred sits."], [["fred"]], "best")
    with pytest.raises(StoryError, match='"best"'):
        extend_pororo(["Crong sits."], "best")
