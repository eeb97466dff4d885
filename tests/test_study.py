"""The human study: what it compares, who sees what, what it keeps, what its table says, and its page in a browser."""

from __future__ import annotations

import json
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from storyboard.errors import StoryError
from storyboard.renderer import CastMember
from tests.pages import serious_violations
from training.evaluate.study.__main__ import main
from training.evaluate.study.pairs import open_study
from training.evaluate.study.results import alpha, tables
from training.evaluate.study.votes import FILE, QUESTIONS, Vote, Votes, read_votes
from training.evaluate.told_stories import write_told

HOSTILE = 'Rosa says <img src=x onerror="window.hit=1"> ${window.hit=1} {{7*7}}'
ALL_A = dict.fromkeys(QUESTIONS, "a")


def draw(folder, system, stories, captions=("Rosa waves.", "She sings.")):
    """Writes a folder like draw_stories: flat pictures, each with its own colour."""
    rosa = CastMember("Rosa", "she", (), Image.new("RGB", (8, 8), "pink"))
    for number in range(stories):
        story = f"story-{number:02d}"
        files = [folder / story / f"frame-{frame}.png" for frame in range(len(captions))]
        write_told(folder, story, zip(captions, files, strict=True), (rosa,))
        for frame, file in enumerate(files):
            Image.new("RGB", (8, 8), (len(system) * 20, number * 10, frame * 90)).save(file)
    return folder


@pytest.fixture
def drawn(tmp_path):
    return [str(draw(tmp_path / name, name, 3)) for name in ("ours", "theirs")]


def votes_on(tmp_path, drawn):
    return Votes(tmp_path / "votes", open_study(drawn))


def answer_all(votes, person, answer=lambda shown: "a"):
    while shown := votes.next(person):
        votes.vote(person, shown.pair.id, dict.fromkeys(QUESTIONS, answer(shown)))


def test_everybody_sees_every_pair_once_in_an_order_and_on_sides_of_their_own(tmp_path):
    study = open_study([str(draw(tmp_path / name, name, 20)) for name in ("ours", "theirs")])
    orders, sides = {}, {}
    votes = Votes(tmp_path / "votes", study)
    for person in ("ada", "bo"):
        orders[person], sides[person] = [], []
        while shown := votes.next(person):
            orders[person].append(shown.pair.id)
            sides[person].append(shown.a)
            votes.vote(person, shown.pair.id, ALL_A)
    assert sorted(orders["ada"]) == sorted(orders["bo"]) == sorted(pair.id for pair in study.pairs)
    assert orders["ada"] != orders["bo"] and set(sides["ada"]) == {"ours", "theirs"}
    assert not any(word in pair.id for pair in study.pairs for word in ("ours", "theirs", "story"))


def test_whoever_comes_back_goes_on_after_the_study_was_started_anew(tmp_path, drawn):
    votes = votes_on(tmp_path, drawn)
    first = votes.next("ada")
    votes.vote("ada", first.pair.id, ALL_A)
    second = votes.next("ada")
    votes.close()
    again = votes_on(tmp_path, drawn)
    assert again.next("ada") == second and again.progress("ada") == (1, 3) and again.progress("bo") == (0, 3)


def test_a_vote_that_arrives_twice_counts_once_and_the_first_stands(tmp_path, drawn):
    votes = votes_on(tmp_path, drawn)
    pair = votes.next("ada").pair.id
    votes.vote("ada", pair, ALL_A)
    votes.vote("ada", pair, dict.fromkeys(QUESTIONS, "b"))
    assert [dict(vote.answers) for vote in read_votes(tmp_path / "votes")[1]] == [ALL_A]


def test_a_line_that_a_crash_cut_short_is_dropped_and_its_pair_asked_again(tmp_path, drawn):
    votes = votes_on(tmp_path, drawn)
    answer_all(votes, "ada")
    votes.close()
    file = tmp_path / "votes" / FILE
    file.write_bytes(file.read_bytes()[:-20])
    again = votes_on(tmp_path, drawn)
    assert again.progress("ada") == (2, 3)
    answer_all(again, "ada")
    assert len(read_votes(tmp_path / "votes")[1]) == 3


def test_three_systems_are_compared_two_by_two(tmp_path):
    study = open_study([f"{name}={draw(tmp_path / name, name, 2)}" for name in ("x", "yy", "zzz")])
    assert [pair.systems for pair in study.pairs] == [("x", "yy")] * 2 + [("x", "zzz")] * 2 + [
        ("yy", "zzz")
    ] * 2


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({**ALL_A, "charm": "a"}, '"charm" is not asked'),
        ({**ALL_A, "visual quality": "c"}, '"c" is no answer to visual quality'),
        ({"visual quality": "a"}, "Text-image alignment is not answered yet"),
        (["a"], "There are no answers"),
    ],
)
def test_answers_to_other_questions_are_refused(tmp_path, drawn, answers, sentence):
    votes = votes_on(tmp_path, drawn)
    with pytest.raises(StoryError, match=sentence):
        votes.vote("ada", votes.next("ada").pair.id, answers)
    with pytest.raises(StoryError, match="is no code of a person"):
        votes.next("../<b>")
    with pytest.raises(StoryError, match="not of this study"):
        votes.vote("ada", "another", ALL_A)
    assert votes.progress("ada") == (0, 3)


def test_what_is_wrong_with_a_folder_is_named(tmp_path, drawn):
    ours, theirs = (tmp_path / name for name in ("ours", "theirs"))
    with pytest.raises(StoryError, match="names 1; name another folder"):
        open_study(drawn[:1])
    with pytest.raises(StoryError, match='both be called "ours"'):
        open_study([drawn[0], drawn[0]])
    with pytest.raises(StoryError, match="no folder .*nowhere"):
        open_study([drawn[0], str(tmp_path / "nowhere")])
    draw(ours, "ours", 4)
    with pytest.raises(StoryError, match="different stories: .*theirs lacks story-03"):
        open_study(drawn)
    draw(theirs, "theirs", 4, ("Rosa leaves.", "She sings."))
    with pytest.raises(StoryError, match="story-00 has other sentences"):
        open_study(drawn)
    draw(theirs, "theirs", 4)
    picture = theirs / "story-02" / "frame-1.png"
    picture.write_bytes(picture.read_bytes()[:40])
    with pytest.raises(StoryError, match="story-02/frame-1.png is damaged"):
        open_study(drawn)
    picture.unlink()
    with pytest.raises(StoryError, match="story-02/frame-1.png is missing"):
        open_study(drawn)
    (theirs / "story-01" / "story.json").unlink()
    with pytest.raises(StoryError, match="story-01 has pictures and no story.json"):
        open_study(drawn)


def test_a_story_may_not_point_out_of_its_folder(drawn, tmp_path):
    file = tmp_path / "ours" / "story-00" / "story.json"
    told = json.loads(file.read_text())
    told["frames"][0]["picture"] = "../../secret.png"
    file.write_text(json.dumps(told))
    with pytest.raises(StoryError, match="does not say which sentence belongs to which picture"):
        open_study(drawn)


def test_votes_of_another_study_and_of_a_running_one_are_not_touched(tmp_path, drawn):
    votes = votes_on(tmp_path, drawn)
    with pytest.raises(StoryError, match="is served already"):
        votes_on(tmp_path, drawn)
    votes.close()
    Image.new("RGB", (8, 8), "red").save(tmp_path / "ours" / "story-00" / "frame-0.png")
    with pytest.raises(StoryError, match="of another study"):
        votes_on(tmp_path, drawn)


def test_a_file_of_votes_with_an_unknown_question_is_named_with_its_line(tmp_path, drawn):
    votes = votes_on(tmp_path, drawn)
    answer_all(votes, "ada")
    votes.close()
    file = tmp_path / "votes" / FILE
    head, *lines = file.read_text().splitlines()
    row = json.loads(lines[1])
    row["answers"]["charm"] = "a"
    file.write_text("\n".join([head, lines[0], json.dumps(row), ""]))
    with pytest.raises(StoryError, match='line 3: The question "charm" is not asked'):
        read_votes(tmp_path / "votes")
    with pytest.raises(StoryError, match="no file .*votes.jsonl"):
        read_votes(tmp_path)


def test_alpha_is_krippendorffs():
    """The worked example of Krippendorff's "Computing Krippendorff's Alpha-Reliability" (2011).

    It has 4 observers, 12 units and gaps.
    """
    observed = [
        "123321412...",
        "1233224125.3",
        ".3332342251.",
        "12332441251.",
    ]
    counts = np.array([[sum(row[unit] == c for row in observed) for c in "12345"] for unit in range(12)])
    assert alpha(counts) == pytest.approx(0.743, abs=0.0005)
    assert alpha(np.array([[3, 0], [0, 3]])) == 1
    assert alpha(np.array([[1, 1], [1, 1]])) < 0
    assert np.isnan(alpha(np.array([[2, 0], [2, 0]]))) and np.isnan(alpha(np.array([[1, 0], [0, 1]])))


def test_the_table_counts_systems_and_not_sides():
    def vote(person, story, a, answer):
        b = {"ours": "theirs", "theirs": "ours"}[a]
        return Vote(person, story, a, b, dict.fromkeys(QUESTIONS, answer))

    votes = [vote("ada", "s1", "ours", "a"), vote("bo", "s1", "theirs", "b")]
    votes += [vote("ada", "s2", "theirs", "a"), vote("bo", "s2", "ours", "same")]
    told = tables(("ours", "theirs"), votes)
    assert "ours or theirs: 4 votes of 2 people on 2 stories" in told
    row = next(line for line in told.splitlines() if line.startswith("| visual quality"))
    assert row.split(" | ")[1:4] == ["50.0 [0.0, 100.0]", "25.0 [0.0, 50.0]", "25.0 [0.0, 50.0]"]
    # They agree on one story only. There are 4 answers (2, 1, 1), and half of the pairs differ; by chance 10 of 12
    # would.
    assert row.split(" | ")[4].startswith("0.40")
    assert "Of 12 answers that prefer a version, 66.7" in told
    assert tables(("ours", "theirs"), []) == "Nobody has voted yet."


def test_the_command_prints_the_table_of_a_study_that_is_being_served(tmp_path, drawn, capsys):
    votes = votes_on(tmp_path, drawn)
    answer_all(votes, "ada")
    main(["--out", str(tmp_path / "votes"), "--table"])
    assert "ours or theirs: 3 votes of 1 people on 3 stories" in capsys.readouterr().out


@contextmanager
def served(folder, drawn, port=None):
    """Launches a study. Yields its votes and .url."""
    from training.evaluate.study.page import launch_page, make_page

    votes = Votes(folder, open_study(drawn))
    page = make_page(votes, folder)
    _, url, _ = launch_page(
        page, folder, server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True
    )
    try:
        yield votes, url
    finally:
        page.close()
        votes.close()


@pytest.fixture
def people(browser):
    """Opens the study's page in a separate browser profile."""
    contexts, errors = [], []

    def opening(url, **settings):
        contexts.append(browser.new_context(**settings))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.locator(".st-begin:enabled").wait_for()
        return page

    yield opening
    for context in contexts:
        context.close()
    assert errors == []


def press_through(page, keys, last):
    """Answers pair after pair with the keyboard alone, up to number `last`."""
    page.locator(".st-begin").focus()
    page.keyboard.press("Enter")
    while True:
        number = page.locator("h2.st-progress").inner_text()
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Enter")
        page.wait_for_function(
            "was => document.querySelector('.st-pair').hidden"
            " || document.querySelector('h2.st-progress').textContent !== was",
            arg=number,
        )
        if number.startswith(f"{last} of"):
            return


@pytest.mark.browser
def test_a_study_of_twenty_pairs_is_voted_through_by_two_people_at_once_and_tabulated(
    tmp_path, people, capsys
):
    drawn = [str(draw(tmp_path / name, name, 20, (HOSTILE, "She sings."))) for name in ("ours", "theirs")]
    with served(tmp_path / "votes", drawn) as (votes, url):
        ada, bo = people(url), people(url)
        press_through(ada, "1213", 7)
        press_through(bo, "3332", 20)
        ada.reload()
        ada.locator(".st-begin", has_text="Go on").wait_for()
        assert "8 of 20" in ada.locator(".st-welcome .st-progress").inner_text()
        press_through(ada, "1213", 20)
        for page in (ada, bo):
            page.get_by_role("heading", name="That was the last one").wait_for()
            assert page.evaluate("window.hit") is None and page.locator("img[src=x]").count() == 0
    rows = read_votes(tmp_path / "votes")[1]
    assert len(rows) == 40 and len({(row.person, row.story) for row in rows}) == 40
    main(["--out", str(tmp_path / "votes"), "--table"])
    told = capsys.readouterr().out
    assert "ours or theirs: 40 votes of 2 people on 20 stories" in told
    for question in QUESTIONS:
        ours = sum(vote.preferred(question) == "ours" for vote in rows)
        assert f"| {question} | {100 * ours / 40:.1f} [" in told


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_pair_shows_its_sentences_people_and_pictures_and_no_name_of_a_system(
    tmp_path, drawn, people, theme
):
    with served(tmp_path / "votes", drawn) as (_, url):
        page = people(f"{url}?__theme={theme}", viewport={"width": 360, "height": 740}, has_touch=True)
        assert serious_violations(page, "#study") == []
        page.get_by_role("button", name="Start").click()
        page.get_by_role("img", name="B, picture 2").wait_for()
        assert page.locator(".st-frames p").all_inner_texts() == ["Rosa waves.", "She sings."]
        assert page.locator(".st-people").inner_text() == "Rosa"
        # A picture is on the page before its bytes are.
        page.wait_for_function(
            "[...document.querySelectorAll('.st-frames img')].every((one) => one.naturalWidth === 8)"
        )
        shown = page.content()
        assert "ours/" not in shown and "theirs" not in shown
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.get_by_role("button", name="Next").click()
        page.get_by_text("Please answer this one too.").wait_for()
        assert serious_violations(page, "#study") == []
        page.get_by_role("button", name="A, picture 1, larger").click()
        page.get_by_role("dialog").get_by_role("img").wait_for()
        page.keyboard.press("Escape")
        for radio in page.get_by_role("radio", name="No difference").all():
            radio.check()
        page.get_by_role("button", name="Next").click()
        page.get_by_role("heading", name="2 of 3").wait_for()


@pytest.mark.browser
def test_a_vote_that_could_not_be_sent_says_so_and_is_sent_again(tmp_path, drawn, people):
    with served(tmp_path / "votes", drawn) as (votes, url):
        page = people(f"{url}?person=ada")
        page.get_by_role("button", name="Start").click()
        page.get_by_role("img", name="B, picture 2").wait_for()
        page.context.set_offline(True)
        for key in "1111":
            page.keyboard.press(key)
        page.keyboard.press("Enter")
        page.get_by_text("cannot be reached").wait_for()
        page.context.set_offline(False)
        page.get_by_role("button", name="Next").click()
        page.get_by_role("heading", name="2 of 3").wait_for()
        assert votes.progress("ada") == (1, 3)
