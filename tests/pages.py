"""A writer's actions on the page, as functions of a Playwright page. Frames are counted from 1."""

from axe_playwright_python.sync_playwright import Axe

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def write(page, *sentences):
    """Types sentences into the line at the bottom, with Enter after each."""
    for sentence in sentences:
        page.fill("#sb-next", sentence)
        page.press("#sb-next", "Enter")


def write_and_draw(page, *sentences):
    write(page, *sentences)
    for number in range(1, len(sentences) + 1):
        wait_drawn(page, number)


def card(page, number):
    return page.locator(".sb-card").nth(number - 1)


def sentence(page, number):
    return card(page, number).locator("textarea")


def sentences(page):
    return page.eval_on_selector_all(".sb-card textarea", "boxes => boxes.map((box) => box.value)")


def wait_sentences(page, *expected):
    """Waits until the cards show exactly these sentences, in this order."""
    page.wait_for_function(
        "wanted => JSON.stringify([...document.querySelectorAll('.sb-card textarea')].map((box) => box.value))"
        " === JSON.stringify(wanted)",
        arg=list(expected),
    )


def wait_drawn(page, number, takes=1):
    card(page, number).locator(".sb-image:not([hidden])").wait_for()
    card(page, number).locator(".sb-progress").wait_for(state="hidden")
    if takes > 1:
        card(page, number).locator(f".sb-take:text-matches('/{takes}$')").wait_for()


def picture(page, number):
    return card(page, number).locator(".sb-image").get_attribute("src")


def menu(page, number, words):
    """Chooses an entry of a card's menu."""
    card(page, number).locator(".sb-more").click()
    page.get_by_role("menuitem", name=words, exact=True).click()


def open_panel(page, number):
    card(page, number).locator(".sb-open").click()
    page.locator(".sb-panel").wait_for()
    return page.locator(".sb-panel")


def story_of(page):
    """Returns the id in the page's address."""
    return page.evaluate("new URLSearchParams(location.search).get('story')")


def story_in(app, page):
    """Returns the story as the studio has it."""
    return app.studio.session(story_of(page)).story


def paste(page, box, text):
    """Pastes text into a box like a writer, in place of the selected text."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    box.focus()
    page.keyboard.press("Control+v")


def serious_violations(page, root="#storyboard"):
    """Returns what axe calls serious or critical in the visible page: rule, nodes and reason.

    There must be no motion, because every text is pale in the middle of a fade.
    """
    page.emulate_media(reduced_motion="reduce")
    found = Axe().run(page, root).response["violations"]
    return [
        (
            one["id"],
            [(node["html"][:160], node["any"][0]["message"] if node["any"] else "") for node in one["nodes"]],
        )
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
