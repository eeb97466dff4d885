"""Names for people of any look, chosen for this project: short, from many places, some of them also ordinary words.

Each name belongs to training or to test for good, decided by a hash of its letters. The names of Maple Lane's own cast
are left out, so that nobody else ever has one of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from random import Random

from storyboard.errors import StoryError

from .look import Look

_TEST_SHARE = 0.2

HERS = tuple(
    """
    Ada Adele Agnes Aida Aiko Aisha Akua Alba Alma Alva Ama Amal Amara Amelia Amina Amy Ana Anika Anna Anya April
    Asha Astrid Aude Aurora Aya Ayla Bea Bella Berit Beth Bianca Birgit Bo Bonnie Brida Bruna Carla Carmen Cecile
    Celia Chloe Clara Clio Cora Dahlia Daisy Dana Daria Dawn Delia Dina Dora Dunya Ebba Eda Edith Efua Eira Elena
    Elif Elin Eliza Ella Elsa Emi Emma Enya Erika Esi Esme Esra Esther Eva Eve Faith Farah Fatima Fay Fern Fiona
    Flora Freya Frida Gaia Gerda Gia Gina Gita Grace Greta Gudrun Gwen Hana Hanna Hazel Hedda Heidi Helga Hope Ida
    Ilse Imani Ines Inga Ingrid Irene Iris Isla Ivy Jade Jana Jasmin Jaya Joan Jora Josie Joy June Kaja Kamala Kari
    Karin Kate Keiko Khadija Kiara Kim Kirsten Laila Lakshmi Lana Lara Laura Layla Lea Leila Lena Leonie Lia Lien
    Lily Lin Linda Linh Liv Lola Lotte Lou Lucia Lucy Luna Lupe Maeve Magda Mai Maja Malin Mara Maren Margot Maria
    Marit Martha Mary Maud May Maya Meera Mei Mercy Mila Mina Mira Miriam Moa Mona Nadia Naomi Nela Nell Nia Nina
    Noor Nora Nuria Odile Olga Olive Olivia Ona Paloma Pansy Paula Pearl Petra Pia Pilar Polly Poppy Priya Queenie
    Rachel Rana Rania Rita Rosalind Rose Ruby Runa Ruth Sadie Saga Salma Sana Sara Selma Sena Shanti Signe Silja
    Sina Sofia Sora Stella Sunita Suri Suzu Sylvia Tala Tamar Tara Tess Thea Thuy Tilda Tina Tove Uma Una Ursula
    Vera Vesna Viola Violet Wanda Wilma Willow Yara Yasmin Yoko Ysolde Yuki Zadie Zahra Zara Zelda Zeynep Zoe Zora
    """.split()
)
HIS = tuple(
    """
    Aaron Abdul Abel Adam Adil Ahmed Akira Alan Albert Alec Ali Amir Amos Anders Andre Anton Ari Arif Arjun Arlo
    Arne Art Arthur Asim Axel Babak Barry Bashir Basil Ben Bill Bjorn Boris Bram Bruno Caleb Carl Carlos Cato Cedric
    Cem Chen Chidi Chima Chris Cliff Cyrus Dan Dario David Davit Dean Deniz Dev Diego Dirk Django Drew Dylan Earl
    Eddie Edgar Efe Egon Eino Ejike Elias Emil Emre Enzo Erik Ernest Ethan Evan Ezra Fabio Farid Felix Femi Finn
    Florian Frank Franz Fritz Gabor Gael George Giles Goran Grant Guido Gus Hakan Hal Hamid Hank Hans Harry Hasan
    Henry Hiro Hugo Hung Ian Ibrahim Idris Igor Ilya Imran Isaac Ivan Ivo Jack Jaime Jakob Jamal James Jan Jarl Javi
    Jens Jesse Jin Joao Joel John Jonah Jorge Josef Juan Jude Jun Kai Kaito Kamal Karim Karl Kazu Keita Ken Kenji
    Khalid Kiran Klaus Knut Kofi Kwame Lars Lasse Leif Len Leo Leon Levi Liam Lionel Louis Luca Lucas Ludo Luigi
    Luis Magnus Malik Marco Mario Mark Marten Marvin Matteo Max Mehmet Miguel Mika Mikkel Miles Milan Moe Moritz
    Murat Musa Nabil Nat Ned Neil Nico Nils Noah Obi Odin Olaf Ole Olek Omar Orlando Oscar Osman Owen Pablo Pat
    Patrick Paul Pavel Pedro Per Pete Peter Petr Piet Pierre Quinn Rafa Rahul Raj Ralph Ramon Rashid Ravi Ray Remy
    Rex Rob Robin Roger Rolf Roman Rowan Rufus Sam Samir Sandro Sanjay Santi Sefu Seth Shane Shiro Silas Simon Sol
    Sten Sunny Sven Taavi Tariq Ted Teo Theo Thor Tiago Tim Timur Tobias Tom Tomas Toni Tor Udo Ugo Umar Vadim
    Victor Viggo Vikram Vito Wade Walt Wei Will Willem Wolf Xavi Yan Yusuf Yves Zack Zaki Zev Zoltan
    """.split()
)
ITS = tuple(
    """
    Acorn Beep Bert Biscuit Blip Bolt Bramble Button Buzz Chip Clank Cog Cookie Copper Crumb Dash Dot Echo Fidget
    Flick Fudge Gizmo Hickory Jelly Jingle Kiwi Lumen Maple Marble Mika Mocha Muffin Nimbus Noodle Nugget Nut Oat
    Olive Patch Peanut Pebble Pepper Pickle Pixel Plum Pogo Poppet Pudding Quark Radar Rusty Rye Scout Socks Spark
    Spinner Sprocket Static Sprout Tango Taffy Tin Tock Truffle Turbo Twig Waffle Whirr Widget Wisp Zap Ziggy
    """.split()
)


def is_test_name(name: str) -> bool:
    """Returns whether a name is kept from training."""
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32 < _TEST_SHARE


def names_for(look: Look, split: str) -> tuple[str, ...]:
    """Returns the names that somebody with this look can have. "val" has the same names as "train"."""
    if split not in ("train", "val", "test"):
        raise StoryError(f"There is no split {split!r} of names; choose train, val or test.")
    known = {"she": HERS, "he": HIS, "it": ITS}[look.pronoun]
    if look.kind not in ("human", "robot"):
        known = tuple(dict.fromkeys((*known, *ITS)))
    return tuple(name for name in known if is_test_name(name) == (split == "test"))


def sample_name(look: Look, rng: Random, split: str = "train", taken: Collection[str] = ()) -> str:
    """Returns a name for this look that is not taken. StoryError if all are taken."""
    free = [name for name in names_for(look, split) if name not in taken]
    if not free:
        raise StoryError(f"All {look.pronoun} names of {split} are taken; leave some free.")
    return rng.choice(free)
