"""Pasted scripts become one sentence for each frame: prose, lists, panels, screenplays, and harmful text."""

import time

import pytest

from storyboard.text.script import read_script

LONG = 60_000  # characters


def split_script(text, names=()):
    return list(read_script(text, names).frames)


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("Rosa waves. She runs! Does Milo nap?", ["Rosa waves.", "She runs!", "Does Milo nap?"]),
        ("Rosa waits... Then she runs\u2026 Home!", ["Rosa waits...", "Then she runs\u2026", "Home!"]),
        ("Rosa waits... and waits? yes.", ["Rosa waits... and waits? yes."]),
        ("Mr. Slate meets Dr. Moss. Mrs. Lee waves.", ["Mr. Slate meets Dr. Moss.", "Mrs. Lee waves."]),
        ("J. R. Moss naps at 5 p.m. on Elm St. today. Rosa, too.", None),
        ("It was I. Rosa nods.", ["It was I.", "Rosa nods."]),
        ("The clock says 10.30 now. 3 ducks swim.", ["The clock says 10.30 now.", "3 ducks swim."]),
        ("Rosa waves.) Milo too.", ["Rosa waves.)", "Milo too."]),
        (
            "\u7f57\u838e\u6325\u624b\u3002\u5979\u8dd1\u4e86\uff01",
            ["\u7f57\u838e\u6325\u624b\u3002", "\u5979\u8dd1\u4e86\uff01"],
        ),
        ("", []),
        (" \n\u200b\n...\n- \n3.\n", []),
    ],
)
def test_prose_is_split_at_the_ends_of_sentences(text, frames):
    if frames is None:
        frames = ["J. R. Moss naps at 5 p.m. on Elm St. today.", "Rosa, too."]
    assert split_script(text) == frames


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ('Rosa says "Hi. I am Rosa." Milo waves.', ['Rosa says "Hi. I am Rosa."', "Milo waves."]),
        ("Rosa says \u201cStop! Now!\u201d She runs.", ["Rosa says \u201cStop! Now!\u201d", "She runs."]),
        ('"Stop! Wait!" Rosa shouts. Milo stops.', ['"Stop! Wait!" Rosa shouts.', "Milo stops."]),
        ('"Stop!" she shouts. "Why?" he asks.', ['"Stop!" she shouts.', '"Why?" he asks.']),
        ('The sign is 6" wide. Rosa reads it.', ['The sign is 6" wide.', "Rosa reads it."]),
        ("It's Rosa's. 'Tis Milo's too.", ["It's Rosa's.", "'Tis Milo's too."]),
    ],
)
def test_a_full_stop_inside_quotation_marks_ends_nothing(text, frames):
    assert split_script(text) == frames


@pytest.mark.parametrize(
    "text",
    [
        "Rosa waves\nMilo naps\nBolt hums",
        "Rosa waves\r\n\r\nMilo naps\r\n\r\n\r\nBolt hums\r\n",
        "1. Rosa waves\n2. Milo naps\n3. Bolt hums",
        "1) Rosa waves\n2: Milo naps\n#3. Bolt hums",
        "(1) Rosa waves\n[2] Milo naps\n3 - Bolt hums",
        "- Rosa waves\n* Milo naps\n\u2022 Bolt hums",
        "Panel 1: Rosa waves\nPANEL 2 - Milo naps\nFrame 3. Bolt hums",
        "Scene one\nRosa waves\n\nScene two\nMilo naps\n\nScene III:\nBolt hums",
        "## Page 1\n**Panel 1:** Rosa waves\n**Panel 2:** Milo naps\n> - Shot 3: Bolt hums",
        "Bild 1: Rosa waves\nBILD 2 - Milo naps\nSzene 3. Bolt hums",
        "FADE IN:\n\nRosa waves\n\nCUT TO:\n\nMilo naps\n\nSmash cut to:\n\nBolt hums\n\nTHE END",
    ],
)
def test_lines_numbers_bullets_and_panels_make_frames_and_leave_no_trace(text):
    assert split_script(text) == ["Rosa waves", "Milo naps", "Bolt hums"]


def test_a_numbered_entry_of_several_sentences_is_several_frames():
    assert split_script("1. Rosa waves. She runs.\n2. Milo naps.") == [
        "Rosa waves.",
        "She runs.",
        "Milo naps.",
    ]


def test_wrapped_lines_are_put_together_and_lines_of_their_own_are_not():
    wrapped = "Rosa waves to Milo, who has come all the way from the park,\nand he waves\nback. They go."
    assert split_script(wrapped) == [
        "Rosa waves to Milo, who has come all the way from the park, and he waves back.",
        "They go.",
    ]
    assert split_script("Panel 1: Rosa runs\nPanel 2: she falls") == ["Rosa runs", "she falls"]


@pytest.mark.parametrize(
    "text", ["Page 3 of the book lies open.", "Frame shops are closed.", "3 ducks swim.", "Boardwalks creak."]
)
def test_a_sentence_that_only_looks_like_a_mark_is_kept_whole(text):
    assert split_script(text) == [text]


@pytest.mark.parametrize(
    ("heading", "frame"),
    [
        ("INT. ROSA'S KITCHEN - DAY", "In Rosa's kitchen, Rosa waves."),
        ("EXT. PARK \u2014 NIGHT", "At the park at night, Rosa waves."),
        ("Int. Kitchen", "In the kitchen, Rosa waves."),
        ("INT./EXT. CAR - DUSK", "In the car at dusk, Rosa waves."),
        ("I/E BARN", "In the barn, Rosa waves."),
        ("12. EXT. POND - DAWN", "At the pond at dawn, Rosa waves."),
        ("EXT. THE OLD MILL - DAY", "At the old mill, Rosa waves."),
        ("Ext. Maple Lane - Day", "At Maple Lane, Rosa waves."),
    ],
)
def test_a_screenplay_heading_is_no_frame_and_the_first_one_after_it_says_the_place(heading, frame):
    """A heading whose place the model does not know became a frame of its own, which showed a random person."""
    assert split_script(f"{heading}\n\nRosa waves. She runs.") == [frame, "She runs."]


def test_words_that_begin_like_a_heading_are_none():
    text = "Int is short for integer. Exterior walls shine. External stairs creak."
    assert split_script(text) == [
        "Int is short for integer.",
        "Exterior walls shine.",
        "External stairs creak.",
    ]


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        (
            "ROSA\nHello there.\nHow are you?\n\nMilo nods.",
            ['Rosa says "Hello there. How are you?"', "Milo nods."],
        ),
        ("ROSA (V.O.)\n(quietly)\nHello.\n", ['Rosa says "Hello."']),
        ("MRS. LEE\nHello.", ['Mrs. Lee says "Hello."']),
        ('ROSA: "Hello, Milo. Come!"', ['Rosa says "Hello, Milo. Come!"']),
        ("ROSA (laughing): Hello!", ['Rosa says "Hello!"']),
        ("Rosa: Hello!\nThe robot: Beep.", ['Rosa says "Hello!"', 'The robot says "Beep."']),
        ("Later: Rosa waves.", ["Later: Rosa waves."]),
        ("Rosa waves: Milo is back.", ["Rosa waves: Milo is back."]),
        ("NOTE: bring hats", ["NOTE: bring hats"]),
        ("THE LANE\nRosa waves.", ["THE LANE", "Rosa waves."]),
    ],
)
def test_dialogue_becomes_a_frame_in_which_somebody_says_it(text, frames):
    assert split_script(text, names=("Rosa", "Bolt", "the robot")) == frames


def test_without_the_cast_only_names_in_capitals_speak():
    assert split_script("Rosa: Hello!\nROSA: Hello!") == ["Rosa: Hello!", 'Rosa says "Hello!"']


def test_sentences_come_out_clean():
    assert split_script("1.  Rosa\u202e <b>waves</b>\t${x}\x00 ") == ["Rosa <b>waves</b> ${x}"]


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "(",
        '"',
        "A ",
        "1.",
        "- ",
        ". ",
        "a.\n",
        "A\nb\n\n",
        "**",
        "\u201c",
        "ROSA: ",
        "(a)",
        "A'",
        '"a." ',
    ]
    + ["> ", "A.\n", "Int. ", "A (a)", "Panel 1 ", "\u300c", "ROSA\n", "e.g. "],
)
def test_hostile_text_takes_little_time_and_is_cut(unit):
    start = time.process_time()
    frames = split_script(unit * (LONG // len(unit)))
    assert time.process_time() - start < 3
    assert sum(map(len, frames)) <= 8 * LONG


@pytest.mark.parametrize(
    "text",
    [
        "a) Rosa waves\nb) Milo naps\nc) Bolt hums",
        "(a) Rosa waves\n(b) Milo naps\n(c) Bolt hums",
        "a. Rosa waves\nb. Milo naps\nc. Bolt hums",
        "I. Rosa waves\nII. Milo naps\nIII. Bolt hums",
        "i) Rosa waves\nii) Milo naps\niii) Bolt hums",
        "1- Rosa waves\n2- Milo naps\n10- Bolt hums",
        "1.1 Rosa waves\n1.2 Milo naps\n1.3. Bolt hums",
        "#1 Rosa waves\n2/ Milo naps\nNo. 3: Bolt hums",
        "\u25cf Rosa waves\n\u00b7 Milo naps\n\u25aa Bolt hums",
        "\u2705 Rosa waves\n\u27a4 Milo naps\n\u2192 Bolt hums",
        "\u2460 Rosa waves\n2\ufe0f\u20e3 Milo naps\n\U0001f449\U0001f3fdBolt hums",
        "- [ ] Rosa waves\n- [x] Milo naps\n[ ] Bolt hums",
        "[00:12] Rosa waves\n(0:15) Milo naps\n00:01:20 - Bolt hums",
        "1.\tRosa waves\v2.\tMilo naps\u20283.\tBolt hums",
        "Szene 1 \u2013 Rosa waves\nEinstellung 2: Milo naps\nStep three: Bolt hums",
        "Act I\n\nRosa waves\n\nKapitel 2\n\nMilo naps\n\nABBLENDE\n\nBolt hums\n\nENDE",
    ],
)
def test_lists_of_any_mark_make_frames_and_leave_no_trace(text):
    """ "a) b) c)" became one frame, and ticks, arrows and times stayed in the sentences."""
    assert split_script(text) == ["Rosa waves", "Milo naps", "Bolt hums"]


@pytest.mark.parametrize(
    "text",
    [
        "A. Moss waves.",
        "No one waves.",
        "No one: the lane is empty.",
        "10-year-old Rosa waves.",
        "7:30 is early.",
        "1.5 miles of lane.",
        "\U0001f436 barks.",
        "J. Moss waves.",
        "2/3 of it is snow.",
        "Act naturally.",
    ],
)
def test_words_that_only_look_like_a_mark_stay(text):
    assert split_script(text) == [text]


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("ANGLE ON: Milo.", ["Milo."]),
        ("POV: the park.", ["The park."]),
        ("ROSA'S POV - the park.", ["The park."]),
        ("INSERT: a letter.", ["A letter."]),
        ("CLOSE UP: Rosa's hand.", ["Rosa's hand."]),
        ("Wide shot: the lane.", ["The lane."]),
        ("SUPER: Ten years ago", ["Ten years ago"]),
        ("CLOSE ON MILO.", ["MILO."]),
        ("CLOSE UP\nRosa's hand.", ["Rosa's hand."]),
        ("NAHAUFNAHME: Rosas Hand.", ["Rosas Hand."]),
        ("TOTALE \u2013 der Park.", ["Der Park."]),
        ("R\u00dcCKBLENDE: Rosa winkt.", ["Rosa winkt."]),
        ("SCHWENK AUF: den Park.", ["Den Park."]),
        ("GEGENSCHUSS:\nMilo winkt.", ["Milo winkt."]),
        ("Close up of a hand.", ["Close up of a hand."]),
    ],
)
def test_camera_directions_are_no_speakers(text, frames):
    """A camera direction became a speaker: "Angle On says Milo."."""
    assert split_script(text) == frames


def test_who_is_called_like_a_direction_speaks():
    assert split_script("PAN: Hello!\nPOV: the park.", names=("Pan",)) == ['Pan says "Hello!"', "The park."]


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("\u201e", "\u201c"),
        ("\u201e", "\u201d"),
        ("\u201d", "\u201d"),
        ("\u201c", "\u201d"),
        ("\u2018", "\u2019"),
        ("\u201a", "\u2018"),
        ("\u00ab", "\u00bb"),
        ("\u00bb", "\u00ab"),
        ("\u2039", "\u203a"),
        ("\u203a", "\u2039"),
        ("\u00ab\u202f", "\u202f\u00bb"),
        ('"', '"'),
        ("'", "'"),
        ("\u300c", "\u300d"),
        ("\u300e", "\u300f"),
    ],
)
def test_a_full_stop_inside_the_quotation_marks_of_any_language_ends_nothing(opening, closing):
    """Only the quotation marks of English and Japanese were known."""
    said = f"{opening}Hello. It's Rosa. Come in!{closing}"
    clean = said.replace("\u202f", " ")
    assert split_script(f"{said} says Rosa. Milo waves.") == [f"{clean} says Rosa.", "Milo waves."]
    assert split_script(f"Rosa says {said} Milo waves.") == [f"Rosa says {clean}", "Milo waves."]


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        (
            "On a cold morning in spring Rosa walks all the way to\nMilo's house. He is\nat home.",
            ["On a cold morning in spring Rosa walks all the way to Milo's house.", "He is at home."],
        ),
        (
            "Rosa walks all the way along the lane to the park\nMilo runs all the way along the lane to the pond",
            [
                "Rosa walks all the way along the lane to the park",
                "Milo runs all the way along the lane to the pond",
            ],
        ),
        ("Rosa waves\u2028to Milo.\vHe waves.", ["Rosa waves to Milo.", "He waves."]),
        ("Rosa waves, \\\nMilo naps.", ["Rosa waves, Milo naps."]),
    ],
)
def test_soft_line_breaks_part_no_sentence(text, frames):
    assert split_script(text) == frames
