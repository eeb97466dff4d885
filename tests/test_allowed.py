"""Whom a sentence can be about by its words alone, so that the language model reads nobody else into it."""

from dataclasses import dataclass

import pytest

from storyboard.text.allowed import whom_words_allow, whom_words_show
from storyboard.text.captions import read_sentence
from storyboard.text.preferences import meant_by_words


@dataclass
class One:
    name: str
    pronoun: str
    aliases: tuple[str, ...] = ()


CAST = (One("Rosa", "she"), One("Nana", "she", ("the old woman",)), One("Milo", "he"), One("Toggle", "it"))
NAMES = {one.name: one.aliases for one in CAST}


@pytest.mark.parametrize(
    ("earlier", "sentence", "allowed"),
    [
        ([], "Rosa waves to Milo.", {"Rosa", "Milo"}),
        (["Rosa and Milo dance."], "She waves.", {"Rosa"}),
        (["Rosa and Nana dance with Milo."], "She waves.", {"Rosa", "Nana"}),
        (["Rosa and Milo dance."], "They wave to Nana.", {"Rosa", "Milo", "Nana"}),
        (["Rosa and Milo dance."], "The old woman waves at him.", {"Nana", "Milo"}),
        (["Toggle dances with Rosa."], "It rains on Rosa.", {"Rosa"}),
        (["Rosa and Milo dance."], "The boy waves to Rosa.", None),
        (["Rosa and Milo dance."], "Both wave to Nana.", None),
        (["Rosa and Milo dance."], "Everyone laughs.", None),
        (["Rosa and Milo dance."], "Milo took his sister's hand.", None),
        (["Milo dances."], "“Well done,” she tells Milo.", None),
        (["Rosa and Milo dance."], "Fast asleep on the rug.", None),
        (["Rosa and Milo dance."], "Night falls over the park.", None),
    ],
)
def test_the_words_allow_whom_they_name_and_whom_their_pronouns_can_mean(earlier, sentence, allowed):
    told = [read_sentence(one, NAMES) for one in earlier]
    found = whom_words_allow(read_sentence(sentence, NAMES), CAST, told)
    assert found == (None if allowed is None else frozenset(allowed))


@pytest.mark.parametrize(
    ("earlier", "sentence", "shown"),
    [
        ([], "Rosa waves to Milo.", {"Rosa", "Milo"}),
        (["Rosa and Milo dance."], "She waves.", {"Rosa"}),
        (["Rosa and Milo dance."], "Both wave to Nana.", {"Nana"}),
        (["Rosa and Milo dance."], "They wave to Nana.", {"Rosa", "Milo", "Nana"}),
        (["Rosa and Milo dance."], "Once she has gone home, Toggle sleeps.", {"Toggle"}),
        (["Rosa and Milo dance."], "His coat hangs on the wall.", set()),
        ([], "When Rosa has gone home, Milo reads on and has told neither of them.", {"Milo"}),
        ([], "Long after the bus and Rosa were gone Milo stood there.", {"Milo"}),
        ([], "The bus has left, and so has Rosa, but Milo waits.", {"Milo"}),
        ([], "Milo looked up, and where Rosa had been, Toggle sat.", {"Milo", "Toggle"}),
        ([], "Milo found no hat and no Rosa.", {"Milo"}),
        ([], "Milo runs past the bench where Rosa likes to sit.", {"Milo"}),
        ([], "Milo runs to the bench where Rosa sits.", {"Milo", "Rosa"}),
        ([], "Milo sleeps on the cushion that was meant for Rosa.", {"Milo"}),
        ([], "Nothing has been said to Rosa, and Milo eats.", {"Milo"}),
        ([], "Milo wears the scarf that Nana knitted.", {"Milo"}),
        ([], "The cake Nana baked is eaten by Milo.", {"Milo"}),
        ([], "Milo eats the cake Nana is holding.", {"Milo", "Nana"}),
        ([], "When Milo entered the kitchen Nana waved.", {"Milo", "Nana"}),
        ([], "Over the garden fence Nana waved.", {"Nana"}),
        ([], "Once Milo has gone home, out hops Rosa, and she sings.", {"Rosa"}),
        ([], "Rosa having gone indoors for tea, Milo danced.", {"Milo"}),
        ([], "Milo waves to the tired old woman.", {"Milo", "Nana"}),
        ([], "The train has left with Rosa, but Milo still waves.", {"Milo"}),
        (["Rosa and Nana laugh."], "The hens scatter, and Milo runs after all ten of them.", {"Milo"}),
        (["Rosa hugs Toggle."], "It was then that Milo stepped out.", {"Milo"}),
        ([], "Rosa had asked for quiet, so Milo whispered.", {"Milo"}),
        ([], "Rosa had fallen asleep, and Milo waved.", {"Rosa", "Milo"}),
        ([], "As neither Rosa nor Nana can cook, Milo does.", {"Milo"}),
        (["Rosa and Milo plant potatoes."], "Nana waters a second row of them.", {"Nana"}),
        (["Rosa and Milo buy buns."], "Nana eats every one of them.", {"Nana"}),
        (["Rosa hugs Toggle."], "The cake, once it has cooled, is eaten by Milo.", {"Milo"}),
        (["Rosa hugs Toggle."], "Milo opens the old chest and hides it.", {"Milo"}),
        (["Rosa hugs Toggle."], "Milo opens the old chest and hugs it.", {"Milo", "Toggle"}),
        (["Rosa hugs Toggle."], "Milo knocks at the door and it waves.", {"Milo", "Toggle"}),
        (["Rosa hugs Toggle."], "\u201cToggle's late!\u201d Milo cried.", {"Milo"}),
        (["Rosa and Milo dance."], "Night falls over the park.", set()),
        ([], "The wind took Rosa's hat, so she ran.", {"Rosa"}),
        ([], "The fire was so warm that Milo took off his coat.", {"Milo"}),
        ([], "You will never guess what Rosa found.", {"Rosa"}),
        ([], "Nobody sang louder than Nana.", {"Nana"}),
        ([], "Nana built that boat, long before Rosa was born.", {"Nana"}),
        ([], "Milo cannot find Rosa.", {"Milo"}),
        ([], "Milo has not seen Rosa since May.", {"Milo"}),
        ([], "The gift is for Rosa, who is at school, and Milo wraps it.", {"Milo"}),
        ([], "Nana's kite is blue; Rosa's is red, and Milo likes both.", {"Milo"}),
        (["Nana keeps rabbits."], "They like Milo.", {"Milo"}),
        (["Nana and Rosa bring two baskets."], "Milo finds a mouse in one of them.", {"Milo"}),
        ([], "Milo calls for Rosa.", {"Milo"}),
        (["Milo opens a parcel."], "It is from Rosa, and Milo smiles.", {"Milo"}),
        (["Nana and Rosa keep rabbits."], "They wave to Milo.", {"Nana", "Rosa", "Milo"}),
        (["Nana brings Toggle a box."], "Milo tells it a joke.", {"Milo", "Toggle"}),
        (["Rosa and Milo dance."], "The owner, whose name was Nana, bowed to her.", {"Nana", "Rosa"}),
    ],
)
def test_the_words_show_whom_they_name_as_there_and_whom_their_pronouns_are_taken_for(
    earlier, sentence, shown
):
    read, told = read_sentence(sentence, NAMES), [read_sentence(one, NAMES) for one in earlier]
    assert whom_words_show(read, meant_by_words(read, CAST, told)) == shown
