"""The watch over every browser test is awake."""

import pytest

IN_PAGE = {
    "an error that nobody catches": ("() => { setTimeout(() => { throw new Error('lost'); }); }", "page error: lost"),
    "a promise that nobody waits for": ("() => { Promise.reject(new Error('lost')); }", "page error: lost"),
    "a style in HTML": ("() => document.body.setAttribute('style', 'color: red')", "style-src"),
    "a script in HTML": (
        "() => document.body.append(Object.assign(document.createElement('script'), { text: '1' }))",
        "script-src",
    ),
    "a picture from elsewhere": ("() => { new Image().src = 'https://labeler.invalid/x.png'; }", "img-src"),
    "a file that is missing": ("() => { fetch('/static/nothing.js'); }", "404 "),
}
PLACES = {
    "the page": lambda page, browser: page,
    "another page": lambda page, browser: page.context.new_page(),
    "another context": lambda page, browser: browser.new_context().new_page(),
}


@pytest.mark.parametrize("where", PLACES)
def test_what_goes_wrong_is_noticed(page, browser, live_server, troubles, where):
    place = PLACES[where](page, browser)
    place.goto(live_server.url)
    for what, (doing, words) in IN_PAGE.items():
        assert troubles == []
        place.evaluate(doing)
        while not troubles:
            place.wait_for_timeout(20)
        assert words in troubles[0], what
        troubles.clear()
    if place is not page:
        place.close()
