"""Scripts from other programs: each format is recognised and read. Damaged and hostile files lose nothing."""

import pytest

from storyboard.errors import StoryError
from storyboard.text.places import called
from storyboard.text.script import MAX_SCRIPT, read_script

CAST = ("Rosa", "Milo", "Nana", "Otto", "the robot")
PLACES = called(("in the kitchen", "in the park", "at the train station"))


def frames(text, places=None, file=""):
    return list(read_script(text, CAST, places, file).frames)


# -- Fountain ----------------------------------------------------------------------------------------------------------

FOUNTAIN = """Title: The Pot
    A tale in two pots
Credit: written by
Author: Ada Moss
Draft date: 1 May

# Act One

= Rosa makes soup for Milo.

INT. KITCHEN - DAY #1#

Rosa stirs a pot. [[which pot?]]

ROSA
(to herself)
Soup!

MILO ^
More!

/* Nana was here

once. */

> WIPE TO:

2 EXT. PARK - NIGHT 2

!Milo runs.

> THE END <
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            FOUNTAIN,
            [
                "In the kitchen, Rosa stirs a pot.",
                'Rosa says "Soup!"',
                'Milo says "More!"',
                "At the park at night, Milo runs.",
            ],
        ),
        (".ON THE ROOF\n\nRosa waves.", ["On the roof, Rosa waves."]),
        ("INT. BARN\n\n@McLeod\nHello.\n", ['In the barn, McLeod says "Hello."']),
        ("INT. BARN\n\nMILO\n~La la la.\n~La!\n", ['In the barn, Milo says "La la la. La!"']),
        ("INT. BARN\n\n!ROSA\n!MILO\n", ["In the barn, ROSA", "MILO"]),
        ("INT. BARN\n\nROSA\nHello.\n\nROSA (CONT'D)\nMilo!\n", ['In the barn, Rosa says "Hello. Milo!"']),
        (
            "INT. BARN\n\nROSA\nHello.\n\nROSA\nMilo!\n",
            ['In the barn, Rosa says "Hello."', 'Rosa says "Milo!"'],
        ),
        ("INT. BARN\n\nThe *old* robot _hums_ \\*loudly\\*.", ["In the barn, the old robot hums *loudly*."]),
        (
            "INT. BARN\n\n> A sign: Keep out <\n\n===\n\nRosa reads.",
            ["In the barn, a sign: Keep out", "Rosa reads."],
        ),
        (
            "INNEN. K\u00dcCHE - TAG\n\nRosa kocht.\n\nAU\u00dfEN PARK - NACHT\n\n\u00d6MER\nHallo.\n\nABBLENDE",
            ["K\u00fcche, Tag: Rosa kocht.", 'Park, Nacht: \u00d6mer says "Hallo."'],
        ),
        (
            "INT. BARN\n\nGUARD #2 (O.S.)\nHalt!\n\nROSA & MILO\nNo!\n\nNARRATOR (V.O.)\nSo it goes.",
            ['In the barn, Guard #2 says "Halt!"', 'Rosa & Milo say "No!"', "So it goes."],
        ),
        ("**INT. BARN**\n\n**ROSA**\nHi!", ['In the barn, Rosa says "Hi!"']),
        ("INT. BARN. DAY\n\nRosa waves.", ["In the barn, Rosa waves."]),
        ("BILD 1  INNEN  K\u00dcCHE  TAG\n\nRosa kocht.", ["K\u00fcche, Tag: Rosa kocht."]),
        ("SCENE 1: BARN\nRosa waves.\n\nSZENE 2 - K\u00dcCHE\nMilo winkt.", None),
        (
            "INT. BARN\n\n.FLASHBACK\n\nA SERIES OF SHOTS:\n\n-- Rosa waves.\n-- Milo naps.",
            ["In the barn, Rosa waves.", "Milo naps."],
        ),
        (
            "INT. BARN\n\nRosa [[a\n\nwaves. [[why?]]\n\n2 EXT. 2\n\nINT. ---",
            ["In the barn, Rosa a", "waves."],
        ),
        ("ROSA\nHello.\n\nMILO\nBye.\n", ['Rosa says "Hello."', 'Milo says "Bye."']),
        ("INT. BARN\n\nRosa /* waves.\n\nMilo naps. [[why?", ["In the barn, Rosa waves.", "Milo naps. why?"]),
    ],
)
def test_fountain_is_read_without_its_signs(text, expected):
    script = read_script(text, CAST)
    expected = expected or ["In the barn, Rosa waves.", "K\u00fcche: Milo winkt."]
    assert (script.kind, list(script.frames)) == ("fountain", expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INT. KITCHEN - DAY\n\nRosa cooks. She sings.", ["In the kitchen, Rosa cooks.", "She sings."]),
        ("EXT. THE PARK - NIGHT\n\nShe runs.", ["In the park at night, she runs."]),
        ("INT. ROSA'S KITCHEN\n\nMilo waves.", ["In the kitchen, Milo waves."]),
        ("INT. HOUSE - KITCHEN - DAY\n\nMilo waves.", ["In the kitchen, Milo waves."]),
        ("EXT. PARK\n\nMILO\nHello!", ['In the park, Milo says "Hello!"']),
        ("EXT. PARK - DAY\n\nRosa walks in the park.", ["Rosa walks in the park."]),
        ("EXT. PARK - DUSK\n\nA dog barks in the park.", ["At dusk, a dog barks in the park."]),
        ("EXT. TRAIN STATION\n\nTwo dogs bark.", ["At the train station, two dogs bark."]),
        ("INT. KITCHEN\n\nEXT. PARK\n\nMilo naps.", ["The kitchen", "In the park, Milo naps."]),
        ("INT. OLD MILL - DAY\n\nMilo naps.", ["In the old mill, Milo naps."]),
        ("Milo naps.\n\nINT. KITCHEN - DAY\n", ["Milo naps.", "The kitchen, day"]),
    ],
)
def test_a_place_is_said_by_the_first_frame_there(text, expected):
    assert frames(text, PLACES) == expected


def test_scenes_and_frames_are_counted():
    script = read_script(FOUNTAIN, CAST, PLACES)
    assert (script.kind, script.scenes, len(script.frames)) == ("fountain", 2, 4)


# -- Final Draft -------------------------------------------------------------------------------------------------------


def fdx(paragraphs, before="", after=""):
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n{before}<FinalDraft DocumentType="Script"'
        f' Version="5">\n<Content>{paragraphs}</Content>{after}</FinalDraft>'
    )


def paragraph(kind, *texts):
    return f'<Paragraph Type="{kind}">{"".join(f"<Text>{text}</Text>" for text in texts)}</Paragraph>'


COOKS = paragraph("Action", "Rosa cooks.")
HELLO = paragraph("Character", "MILO") + paragraph("Dialogue", "Hello!")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            fdx(paragraph("Scene Heading", "INT. KITCHEN - DAY") + COOKS + HELLO),
            ["In the kitchen, Rosa cooks.", 'Milo says "Hello!"'],
        ),
        (fdx(paragraph("Action", "Rosa ", "cooks", " soup.")), ["Rosa cooks soup."]),
        (fdx(paragraph("Action", "Tom &amp; Rosa cook.")), ["Tom & Rosa cook."]),
        (fdx(COOKS + paragraph("Transition", "CUT TO:") + HELLO), ["Rosa cooks.", 'Milo says "Hello!"']),
        (
            fdx(
                paragraph("Character", "ROSA (V.O.)")
                + paragraph("Parenthetical", "(softly)")
                + paragraph("Dialogue", "Hi.")
            ),
            ['Rosa says "Hi."'],
        ),
        (
            fdx(
                f"<Paragraph><DualDialogue>{HELLO}{HELLO.replace('MILO', 'ROSA')}</DualDialogue></Paragraph>"
            ),
            ['Milo says "Hello!"', 'Rosa says "Hello!"'],
        ),
        (
            fdx(
                f'<Paragraph Type="Action"><ScriptNote>{paragraph("General", "Ask Nana.")}</ScriptNote>'
                "<Text>Rosa cooks.</Text></Paragraph>"
            ),
            ["Rosa cooks."],
        ),
        (
            fdx(COOKS, after=f"<TitlePage><Content>{paragraph('', 'The Pot')}</Content></TitlePage>"),
            ["Rosa cooks."],
        ),
        (fdx(paragraph("Shot", "CLOSE ON: The pot.") + COOKS), ["The pot.", "Rosa cooks."]),
        (fdx(paragraph("Action", "") + "<Paragraph/>" + COOKS), ["Rosa cooks."]),
        ("\ufeff\n" + fdx(COOKS).replace("UTF-8", "UTF-16"), ["Rosa cooks."]),
        (
            fdx(paragraph("Character", "\u00d6mer") + paragraph("Dialogue", "\u201eHallo.\u201c")),
            ['\u00d6mer says "Hallo."'],
        ),
    ],
)
def test_final_draft_is_read_as_the_screenplay_it_is(text, expected):
    script = read_script(text, CAST)
    assert (script.kind, list(script.frames), script.notices) == ("final_draft", expected, ())


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE FinalDraft [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE FinalDraft [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE FinalDraft [<!ENTITY % a SYSTEM "http://localhost/a.dtd"> %a;]>',
        '<!DOCTYPE FinalDraft SYSTEM "http://localhost/a.dtd">',
        '<!-- a script --><!DOCTYPE FinalDraft [<!ENTITY a "a">]>',
    ],
)
def test_a_final_draft_file_that_declares_entities_is_refused_in_one_sentence(declared):
    with pytest.raises(StoryError, match="could harm") as refused:
        read_script(fdx(paragraph("Action", "&a;"), before=declared))
    assert "passwd" not in str(refused.value)


def test_of_a_damaged_final_draft_file_what_is_before_the_damage_is_read_and_the_damage_told():
    text = fdx(COOKS + HELLO)
    script = read_script(text[: text.index("Hello!")], CAST)
    assert list(script.frames) == ["Rosa cooks.", "MILO"]
    assert "damaged" in script.notices[0]
    with pytest.raises(StoryError, match="damaged"):
        read_script("<FinalDraft><Content><Paragraph")


# -- Subtitles ---------------------------------------------------------------------------------------------------------


ONE, TWO = "1\n00:00:01,000 --> 00:00:04,000\n", "2\n00:00:04,500 --> 00:00:07,000\n"
EARLY = "3\n00:00:02,000 --> 00:00:03,000\n"  # while the one before is still shown
SAID = "Rosa walks.\n\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ONE}{SAID}{TWO}<i>She meets Milo.</i>\n", None),
        (f"{ONE}{SAID}{EARLY}She meets Milo.".replace("\n", "\r\n"), None),
        (f"{ONE[2:]}Rosa walks.\n{TWO[2:]}She meets Milo.", None),
        ("1\n0:0:1.5 --> 99:99:99\nRosa walks.\n\n\n\n7\n00:01 -> 00:02\nShe meets\nMilo.", None),
        (f'{ONE}{{\\an8}}<font color="red">Rosa walks.</font>\n\n{TWO}She meets Milo.', None),
        (f"{ONE}{SAID}{TWO}{SAID}{EARLY}She meets Milo.", None),
        (f"{ONE}Rosa walks in the\n\n{TWO}park.", ["Rosa walks in the park."]),
        (f"{ONE}- ROSA: Hello.\n- MILO: Hi.", ['Rosa says "Hello."', 'Milo says "Hi."']),
        (f"{ONE}Rosa waits.\n1984\n\n{TWO}\n\n", ["Rosa waits. 1984"]),
        (f"{ONE}Rosa walks. She waves.\n", ["Rosa walks. She waves."]),
    ],
)
def test_srt_is_one_frame_a_subtitle_whatever_its_times(text, expected):
    script = read_script(text, CAST)
    assert (script.kind, list(script.frames)) == ("srt", expected or ["Rosa walks.", "She meets Milo."])


CUE = "00:01.000 --> 00:02.000"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"WEBVTT\n\n{CUE}\nRosa walks.\n", ["Rosa walks."]),
        (
            f"\ufeffWEBVTT - The walk\nKind: captions\n\nintro\n{CUE} align:start line:0\nRosa walks.\n",
            ["Rosa walks."],
        ),
        (
            f"WEBVTT\n\nNOTE\nAsk Nana.\nTwice.\n\nSTYLE\n::cue {{ color: red }}\n\n{CUE}\nRosa walks.",
            ["Rosa walks."],
        ),
        (f"WEBVTT\n\n{CUE}\n<v Rosa>Hello!</v>\n<v.loud Milo>Hi!", ['Rosa says "Hello!"', 'Milo says "Hi!"']),
        (f"WEBVTT\n\n{CUE}\n<c.red>Rosa</c> <00:01.500>walks.", ["Rosa walks."]),
        (f"WEBVTT\n\n{CUE}\nRosa &amp; Milo&nbsp;walk.", ["Rosa & Milo walk."]),
        (f"WEBVTT\n\n{CUE}\nRosa walks.\n\n{CUE}\nMilo naps.", ["Rosa walks.", "Milo naps."]),
        (f"WEBVTT\n\n{CUE}\nTake NOTE of this.\nNOTE this too.", ["Take NOTE of this. NOTE this too."]),
        (f"WEBVTT\n\n{CUE}\n\u266a La la la. \u266a", ["La la la."]),
        (f"WEBVTT\n\n1\n01:{CUE}\nRosa walks,\n\n2\n{CUE}\nMilo too.", ["Rosa walks, Milo too."]),
        ("WEBVTT\n", []),
    ],
)
def test_vtt_is_read_without_notes_styles_and_names_of_cues(text, expected):
    script = read_script(text, CAST)
    if text != "WEBVTT\n":
        assert script.kind == "vtt"
    assert [frame for frame in script.frames if "WEBVTT" not in frame] == expected


# -- Tables ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "file", "expected"),
    [
        ("Shot,Description\n1,Rosa waves.\n2,Milo naps.", "", None),
        ('"No.";"Beschreibung"\n"1";"Rosa waves."\n"2";"Milo naps."', "", None),
        ("1\tRosa waves.\n2\tMilo naps.", "", None),
        ("Action\tCamera\nRosa waves.\twide\nMilo naps.\tclose", "", None),
        ("1,Rosa waves.\n2,Milo naps.\n", "shots.csv", None),
        ("Rosa waves.\nMilo naps.\n", "shots.CSV", None),
        ('Caption,Notes\n"Rosa waves.",\n\n"Milo\nnaps.",\n', "", None),
        (
            'Caption,Dialogue,Character\n"Rosa waves, then sits.","Hi, Milo!",ROSA\n,Hi!,Milo\n',
            "",
            ["Rosa waves, then sits.", 'Rosa says "Hi, Milo!"', 'Milo says "Hi!"'],
        ),
        (
            "Location,Action\nKitchen,Rosa cooks.\nKitchen,Milo eats.\nMoon,They dance.",
            "",
            ["In the kitchen, Rosa cooks.", "Milo eats.", "In the moon, they dance."],
        ),
        ("Caption,Notes\nRosa waves. She sits.,x\n", "", ["Rosa waves. She sits."]),
        ("Caption,a\nRosa waves.,=1+1\n=SUM(A1:A9),\n@SUM(A1),\n-2+3,\n'=1,\nMilo naps.,", "", None),
    ],
)
def test_tables_of_values_are_one_frame_a_row(text, file, expected):
    script = read_script(text, CAST, PLACES, file)
    assert script.kind in ("csv", "tsv")
    assert list(script.frames) == (expected or ["Rosa waves.", "Milo naps."])


@pytest.mark.parametrize(
    "text",
    ["Action, Rosa runs.\nMilo naps.", "Rosa waves, Milo naps,\nOtto sits.", "Where, oh where\nis Rosa?"],
)
def test_prose_with_commas_is_no_table(text):
    assert read_script(text, CAST).kind == "text"
    assert " ".join(frames(text)) == text.replace("\n", " ")


def test_formulas_and_columns_left_out_are_told():
    script = read_script("Caption,Camera\nRosa waves.,wide\n=HYPERLINK(1),=1\nMilo naps.,close")
    assert script.notices == ("Cells with formulas were left out: 2.", "Columns left out: Camera.")


def test_a_table_whose_quotation_mark_is_never_closed_is_read_line_by_line_and_that_is_told():
    script = read_script('Caption,Camera\n"Rosa waves.,wide\nMilo naps.,close', CAST)
    assert list(script.frames) == ["Rosa waves.", "Milo naps."]
    assert "never closed" in script.notices[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| Shot | Action |\n|---|---|\n| 1 | Rosa waves. |\n| 2 | Milo naps. |", None),
        ("Shot | Action\n:-- | --:\n1 | Rosa waves.\n2 | Milo naps.\n", None),
        ("|Bild|Beschreibung|\n|--|--|\n|1|Rosa waves.|\n|2|**Milo** naps.|", None),
        ("| a | b |\n|---|---|\n| 1 | Rosa waves. |\n| 2 | Milo naps. |", None),
        ("|Action|\n|---|\n|Rosa waves.|\n|Milo naps.|", None),
        ("|Action|Camera|\n|---|---|\n|Rosa waves.|\n|Milo naps.|x|y|", None),
        ("|Action|\n|---|\n|Rosa reads \\| waves.|", ["Rosa reads | waves."]),
        ("|Action|\n|---|\n|Rosa waves.<br>She sits.|", ["Rosa waves. She sits."]),
        (
            "Nana sleeps.\n\n|Action|\n|---|\n|Rosa waves.|\n\nMilo naps.",
            ["Nana sleeps.", "Rosa waves.", "Milo naps."],
        ),
        ("|Ort|Handlung|\n|---|---|\n|Park|Rosa winkt.|", ["In the park, Rosa winkt."]),
        ("|Who|Line|\n|---|---|\n|Rosa|Hi!|\n", ["Hi!"]),
        ("|Character|Line|\n|---|---|\n|Rosa|Hi!|\n", ['Rosa says "Hi!"']),
    ],
)
def test_markdown_tables_are_one_frame_a_row(text, expected):
    script = read_script(text, CAST, PLACES)
    assert (script.kind, list(script.frames)) == ("markdown", expected or ["Rosa waves.", "Milo naps."])


def test_headings_of_markdown_are_left_out_and_told_unless_there_is_nothing_else():
    script = read_script("# The lane\n\nRosa waves.\n\n## Szene 2\n\n- Milo naps.\n\n# Nana sits.", CAST)
    assert list(script.frames) == ["Rosa waves.", "Milo naps.", "Nana sits."]
    assert script.notices == ("Headings left out: The lane.",)
    assert frames("# Rosa waves\n# Milo naps") == ["Rosa waves", "Milo naps"]


# -- Size and damage ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Rosa waves.\n", "text"),
        ("- Rosa waves.\n", "list"),
        ("INT. KITCHEN - DAY\n\nRosa waves.\n\n", "fountain"),
        ("1\n00:00:01,000 --> 00:00:02,000\nRosa waves {}.\n\n", "srt"),
    ],
)
def test_ten_thousand_lines_are_read_whole(line, kind):
    script = read_script("".join(line.replace("{}", str(number)) for number in range(10_000)), CAST, PLACES)
    assert (script.kind, len(script.frames)) == (kind, 10_000)


def test_what_is_over_the_limit_is_cut():
    line = "Rosa waves to all.\n"
    assert len(frames(line * (MAX_SCRIPT // len(line) + 5))) == MAX_SCRIPT // len(line) + 1


@pytest.mark.parametrize(
    "text",
    ["\0", "\ufeff", "<", "<?xml", "WEBVTT", "-->", "|", "|-|", "/*", "[[", "Title:", ".", "@", "\ud800"],
)
def test_scraps_of_a_format_are_no_error(text):
    assert isinstance(frames(text), list)
