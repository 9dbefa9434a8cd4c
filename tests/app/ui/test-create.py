#!/usr/bin/python3
"""The Create page, as a person meets it: prompts and pictures, keys, favourites, undo, saving, copying, stopping, coming back."""

import re

from person import run, wait

PROMPT = 'a happy man with a beard'
N = 6


def start(desk, n=N, **settings):
    desk.set('picture-count', str(n))
    for key, value in settings.items():
        desk.set(key.replace('_', '-'), value)
    app = desk.start()
    # The examples are shown once the model is open.
    app.find('push button', PROMPT)
    return app


def pictures(app):
    """Those in the grid that are finished and scored."""
    return app.find_all('image', re.compile(r'picture \d+.*score'))


def says(app, text):
    app.find(None, text if isinstance(text, re.Pattern) else re.compile(re.escape(text)))


def has_pictures(app, n):
    app.find('status bar', f'{n} picture' if n == 1 else f'{n} pictures')


def draw(app, prompt=PROMPT, n=N):
    app.type(prompt)
    app.key('Return')
    has_pictures(app, n)
    app.wait(lambda: len(pictures(app)) == n, f'{n} pictures are scored')


def prompt_of(app):
    return app.find('text', 'Prompt')


def selected(app):
    return [node for node in app.find_all('image', re.compile('picture')) if app.is_selected(node.parent) or app.is_selected(node.parent.parent)]


def draws_what_is_typed(desk):
    app = start(desk)
    assert app.is_focused(prompt_of(app)), app.get_focused() and app.get_focused().name
    before = app.pixels()
    draw(app)
    assert app.pixels() != before
    names = [node.name for node in pictures(app)]
    assert all(PROMPT in name for name in names), names
    app.close()


def is_walked_with_keys_and_marks_favourites(desk):
    app = start(desk)
    draw(app)
    app.key('F6', 'Right')
    app.wait(lambda: [node.name for node in selected(app) if 'picture 2,' in node.name], 'the second picture is selected')
    app.key('f')
    app.find('image', re.compile('picture 2,.*favourite'))
    app.key('f')
    app.wait(lambda: not app.has('image', re.compile('favourite')), 'it is no favourite any more')
    app.key('ctrl+a')
    app.wait(lambda: len(selected(app)) == N, 'all are selected')
    # A letter in the prompt is a letter.
    app.key('ctrl+l', 'End')
    app.type('f')
    app.wait(lambda: app.text(prompt_of(app)) == PROMPT + 'f', 'f was typed')
    assert not app.has('image', re.compile('favourite'))
    app.close()


def begins_with_the_best_match(desk):
    app = start(desk, sorted='true')
    draw(app)
    scores = [float(re.search(r'score (-?[\d.]+)', node.name)[1]) for node in pictures(app)]
    assert scores == sorted(scores, reverse=True), scores
    first, second = [node.name for node in pictures(app)][:2]
    app.key('F6')
    app.wait(lambda: [node.name for node in selected(app)] == [first], 'the best one is selected')
    app.key('Right')
    app.wait(lambda: [node.name for node in selected(app)] == [second], 'the second best one is selected')
    app.close()


def deletes_and_brings_back(desk):
    app = start(desk)
    draw(app)
    app.key('F6', 'Right', 'Delete')
    has_pictures(app, N - 1)
    app.wait(lambda: len(selected(app)) == 1, 'the next one is selected')
    app.key('Delete')
    has_pictures(app, N - 2)
    app.key('ctrl+z', 'ctrl+z')
    has_pictures(app, N)
    app.close()


def saves_and_reopens(desk):
    app = start(desk)
    draw(app)
    folder = desk.pictures / 'Clip2Latent'
    app.key('F6', 'ctrl+s')
    says(app, 'Saved as')
    app.find('push button', 'Show in Files')
    saved = wait(lambda: list(folder.glob('*.png')), 'a picture is there')
    assert saved[0].name.startswith(PROMPT), saved
    assert b'clip2latent' in saved[0].read_bytes()
    app.key('ctrl+shift+s')
    wait(lambda: len(list(folder.glob('*.png'))) == 1 + N, 'all are there')
    assert desk.call(saved[0]).returncode == 0
    has_pictures(app, N + 1)
    app.close()


def says_where_it_cannot_save(desk):
    app = start(desk, pictures_folder="'file:///proc/nowhere'")
    draw(app)
    app.key('F6', 'ctrl+s')
    says(app, '/proc/nowhere')
    app.close()


def nothing_written_is_said(desk):
    app = start(desk)
    app.press(app.find('push button', 'Generate'))
    says(app, 'Write what the pictures shall show')
    app.wait(lambda: app.is_focused(prompt_of(app)), 'the prompt has the keyboard')
    app.close()


def words_it_does_not_know_stand_as_they_were_written(desk):
    app = start(desk)
    app.type('a happy man with a Xyzzyfrob')
    says(app, re.compile('^The model does not know.*Xyzzyfrob'))
    app.key('ctrl+a')
    app.type('eine Frau mit langen Haaren')
    says(app, re.compile('reads English.*Frau.*Haaren'))
    app.close()


def copies_the_seed(desk):
    app = start(desk, seed='uint64 18446744073709551615')
    app.key('ctrl+shift+c')
    says(app, 'Seed 18446744073709551615 copied')
    app.key('ctrl+l', 'ctrl+a', 'ctrl+v')
    app.wait(lambda: app.text(prompt_of(app)) == '18446744073709551615', 'it was pasted')
    app.close()


def stops_and_keeps_what_is_finished(desk):
    app = start(desk, n=64)
    for line in range(8):
        app.type(f'{PROMPT} {line}')
        app.key('shift+Return')
    app.key('Return')
    app.find('push button', 'Stop')
    says(app, re.compile(r'^[1-9]\d* of 512'))
    app.key('Escape')
    app.find('push button', 'Generate')
    left = app.find('status bar', re.compile(r'^\d+ pictures?$')).name
    assert 1 <= int(left.split()[0]) < 512, left
    assert not app.has('image', re.compile('being drawn'))
    app.close()


def goes_on_where_it_ended(desk):
    app = start(desk, seed_locked='true')
    draw(app)
    app.key('Return')
    has_pictures(app, 2 * N)
    app.find('image', re.compile(f'picture {2 * N},'))
    app.close()


def draws_a_row_for_each_prompt(desk):
    app = start(desk, n=3)
    app.type('a bald man')
    app.key('shift+Return')
    draw(app, 'a woman with long pink hair', n=6)
    names = [node.name for node in pictures(app)]
    assert sum('a bald man' in name for name in names) == 3, names
    boxes = [app.extents(node) for node in pictures(app)]
    assert len({y for _, y, _, _ in boxes[:3]}) == 1 and len({y for _, y, _, _ in boxes}) == 2, boxes
    app.close()


def draws_while_one_types(desk):
    app = start(desk, live='true')
    app.type('a happy man')
    has_pictures(app, N)
    app.wait(lambda: any('a happy man,' in node.name for node in pictures(app)), 'what was typed is drawn')
    app.type(' with a beard')
    app.wait(lambda: all(PROMPT in node.name for node in pictures(app)), 'what was typed then is drawn')
    has_pictures(app, N)
    app.close()


def begins_with_an_example(desk):
    app = start(desk)
    app.press(app.find('push button', PROMPT))
    has_pictures(app, N)
    assert app.text(prompt_of(app)) == PROMPT
    app.key('ctrl+e')
    app.wait(lambda: app.text(prompt_of(app)) != PROMPT, 'another example is drawn')
    app.find('push button', 'Generate')
    app.close()


def says_which_words_it_does_not_know(desk):
    app = start(desk)
    app.type('a man with a xyzzyfrob')
    says(app, re.compile('does not know.*xyzzyfrob'))
    app.key('BackSpace', 'ctrl+BackSpace')
    app.wait_gone(None, re.compile('does not know'))
    app.close()


def completes_from_earlier_prompts(desk):
    app = start(desk)
    draw(app)
    app.key('ctrl+l', 'ctrl+a')
    app.type('a happy')
    app.find('list item', PROMPT)
    app.key('Down', 'Return')
    app.wait(lambda: app.text(prompt_of(app)) == PROMPT, 'the earlier prompt is taken')
    has_pictures(app, N)
    app.close()


def comes_back_as_it_was(desk):
    app = start(desk, seed_locked='true', seed='uint64 12345678901234567890')
    draw(app)
    app.close()
    app = desk.start()
    assert app.text(prompt_of(app)) == PROMPT
    assert app.text(app.find('text', 'Seed')) == '12345678901234567890'
    app.close()


run(draws_what_is_typed,
    is_walked_with_keys_and_marks_favourites,
    begins_with_the_best_match,
    deletes_and_brings_back,
    saves_and_reopens,
    says_where_it_cannot_save,
    nothing_written_is_said,
    words_it_does_not_know_stand_as_they_were_written,
    copies_the_seed,
    stops_and_keeps_what_is_finished,
    goes_on_where_it_ended,
    draws_a_row_for_each_prompt,
    draws_while_one_types,
    begins_with_an_example,
    says_which_words_it_does_not_know,
    completes_from_earlier_prompts,
    comes_back_as_it_was,
    GSK_RENDERER='cairo')
