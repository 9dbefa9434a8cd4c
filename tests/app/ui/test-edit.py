#!/usr/bin/python3
"""The edit panel and the history, as a person meets them: sliders that change the picture, undo, reset, comparing; saving and opening an
edited picture; searching the history and finding everything again after a restart; what is broken is told and lost to nobody."""

import re
import sqlite3

import table
from person import difference, run, wait
from table import N, PROMPT, draw, pictures

# Of 255, mean over the picture: below it a slider has done nothing that one could see.
SEEN = 1.0


def start(desk, **env):
    desk.set('seed-locked', 'true')
    return table.start(desk, **env)


def select_first(app):
    """Selects the first picture and waits for its sliders."""
    app.key('F6')
    return app.find('slider', 'Blue hair')


def shown(app):
    """The large picture on top of the panel."""
    return app.find_all('image', re.compile(r'picture 1,'))[-1]


def cells(app):
    """Of the history, when it is all there is."""
    return app.find_all('table cell', re.compile(r'.*\d{2}:\d{2}|.*, 20\d\d|' + PROMPT))


def settle(app):
    """What the panel shows when it has stopped changing."""
    before = app.pixels(shown(app))

    def same():
        nonlocal before
        now = app.pixels(shown(app))
        calm = now == before and not app.has('image', re.compile('being drawn'))
        before = now
        return calm

    app.wait(same, 'the picture rests')
    return before


def a_slider_changes_the_picture_and_undo_brings_it_back(desk, **env):
    app = start(desk, **env)
    draw(app)
    slider = select_first(app)
    before = settle(app)
    app.drag(slider, (0.5, 0.5), (0.85, 0.5))
    app.wait(lambda: app.value(slider) > 1, 'the slider moved')
    app.find('image', re.compile('picture 1,.*edited'))
    edited = settle(app)
    assert difference(before, edited) > SEEN, difference(before, edited)
    app.key('ctrl+z')
    app.wait(lambda: app.value(slider) == 0, 'the slider is back')
    app.wait(lambda: difference(before, app.pixels(shown(app))) < SEEN / 4, 'the picture is back')
    app.key('ctrl+shift+z')
    app.wait(lambda: app.value(slider) > 1, 'and there again')
    app.press(app.find('push button', 'Reset'))
    app.wait(lambda: app.value(slider) == 0, 'all is reset')
    app.close()


def works_with_gl(desk):
    """GTK draws with GL; where there is no graphics device the program does without, unless it is told. The address sanitizer's options
    are those of tests/app/meson.build."""
    a_slider_changes_the_picture_and_undo_brings_it_back(desk, GSK_RENDERER='gl', ASAN_OPTIONS='detect_leaks=0:fast_unwind_on_malloc=1')


def values_are_typed_and_filtered(desk):
    app = start(desk)
    draw(app)
    slider = select_first(app)
    entry = app.find('text', 'Blue hair, value')
    app.click(entry)
    app.key('ctrl+a')
    app.type('-1.5')
    app.key('Return')
    app.wait(lambda: app.value(slider) == -1.5, 'the value was taken')
    app.click(entry)
    app.key('ctrl+a')
    app.type('much')
    app.key('Return')
    app.wait(lambda: app.text(entry) == '-1.5', 'what is no number is not')
    app.click(app.find('entry', 'Filter sliders by name'))
    app.type('hair')
    app.wait(lambda: not app.has('slider', 'Beard'), 'others are gone')
    app.find('slider', 'Red hair')
    app.key('Escape')
    app.find('slider', 'Beard')
    app.close()


def holding_shows_the_original(desk):
    app = start(desk)
    draw(app)
    slider = select_first(app)
    before = settle(app)
    app.set_value(slider, 2.5)
    app.wait(lambda: app.is_enabled(app.find('push button', 'Hold to Compare')), 'it can be compared')
    edited = settle(app)
    assert difference(before, edited) > SEEN
    app.drag(app.find('push button', 'Hold to Compare'), (0.5, 0.5), (0.55, 0.5), steps=1, release=False)
    app.wait(lambda: difference(before, app.pixels(shown(app))) < SEEN / 4, 'the original shows')
    app.release()
    app.wait(lambda: difference(edited, app.pixels(shown(app))) < SEEN / 4, 'the edited one is back')
    app.close()


def an_edited_picture_is_saved_and_opened(desk):
    app = start(desk)
    draw(app)
    slider = select_first(app)
    app.set_value(slider, 2)
    app.find('image', re.compile('picture 1,.*edited'))
    settle(app)
    app.key('F6', 'ctrl+s')
    saved = wait(lambda: list((desk.pictures / 'Clip2Latent').glob('*.png')), 'it is saved')
    app.close()
    app = desk.start(saved[0])
    slider = app.find('slider', 'Blue hair')
    app.wait(lambda: app.value(slider) == 2, 'its slider stands where it was')
    app.find('image', re.compile('picture 1,.*edited'))
    app.wait(lambda: app.is_enabled(app.find('push button', 'Hold to Compare')), 'it can be compared with what it was')
    app.press(app.find('push button', 'Reset'))
    app.wait(lambda: app.value(slider) == 0, 'it is what it was before the edit')
    app.wait(lambda: not app.has('image', re.compile('edited')), 'it is not edited any more')
    app.close()


def a_picture_saved_as_new_keeps_its_number_and_is_edited(desk):
    app = start(desk)
    draw(app)
    app.key('F6', 'Right')
    app.wait(lambda: app.has('image', re.compile('picture 2,')), 'the second is there')
    slider = app.find('slider', 'Blue hair')
    app.set_value(slider, 2)
    app.find('image', re.compile('picture 2,.*edited'))
    app.open_menu(app.find('push button', 'Edits and Presets'), 'Save as New Picture')
    app.key('n')
    app.wait(lambda: {node.name for node in app.find_all('table cell', re.compile('picture 2,'))} and
             len(app.find_all('table cell', re.compile('picture 2,'))) == 2, 'both are the second of their seed')
    app.wait(lambda: app.is_enabled(app.find('push button', 'Reset')), 'the new one can be reset')
    app.find('table cell', re.compile('picture 2,.*edited'))
    app.close()


def a_slider_is_pinned_and_hidden(desk):
    app = start(desk)
    draw(app)
    select_first(app)
    app.open_menu(app.find('push button', 'Blue hair, menu'), 'Pin to the Top')
    app.key('p')
    app.wait(lambda: app.is_focused(app.find('slider', 'Blue hair')), 'the keyboard stays with the slider')
    app.open_menu(app.find('push button', 'Blue hair, menu'), 'Unpin')
    app.key('h')
    app.wait_gone('slider', 'Blue hair')
    app.wait(lambda: (node := app.get_focused()) and node.role == 'slider', 'the keyboard stays with the sliders')
    app.open_menu(app.find('push button', 'Edits and Presets'), 'Open a Direction File…')
    app.find('menu item', 'Show Hidden Directions')
    app.key('h')
    app.find('slider', 'Blue hair')
    app.open_menu(app.find('push button', 'Blue hair, menu'), 'Show Again')
    app.key('h')
    app.open_menu(app.find('push button', 'Blue hair, menu'), 'Hide')
    app.key('Escape')
    app.close()


def the_panel_says_which_of_several_it_changes(desk):
    app = start(desk)
    draw(app)
    app.key('F6', 'Right')
    select = re.compile('are selected')
    app.find('slider', 'Blue hair')
    assert not app.has(None, select)
    app.key('shift+Right')
    app.find(None, re.compile('^2 pictures are selected.*picture [23] alone'))
    app.key('F6', 'Left')
    app.wait_gone(None, select)
    app.close()


def the_history_is_searched_and_survives_a_restart(desk):
    app = start(desk)
    draw(app)
    app.key('F6', 'f')
    app.find('image', re.compile('picture 1,.*favourite'))
    app.key('ctrl+l', 'ctrl+a')
    app.type('a bald man with sunglasses')
    app.key('Return')
    app.wait(lambda: app.has('image', re.compile('bald man.*score')), 'others are drawn')
    app.close()
    app = desk.start()
    app.press(app.find('push button', 'History'))
    app.wait(lambda: len(app.find_all('table cell', re.compile('bald man'))) == N
             and len(app.find_all('table cell', re.compile(PROMPT))) == N, 'all are there again')
    app.click(app.find('entry', 'Search prompts'))
    app.type('bald')
    app.wait(lambda: not app.has('table cell', re.compile(PROMPT)), 'only what was looked for shows')
    app.close()


def deleting_keeps_the_keyboard_at_the_pictures(desk):
    app = start(desk)
    draw(app)
    prompt = app.find('text', 'Prompt')
    app.key('F6', 'ctrl+a', 'Delete')
    app.wait(lambda: not pictures(app), 'all are deleted')
    app.key('ctrl+z')
    app.wait(lambda: len({node.name for node in pictures(app)}) == N, 'all are back')
    assert app.text(prompt) == PROMPT, app.text(prompt)
    select_first(app)
    app.click(app.find('slider', 'Blue hair'))
    app.key('Delete')
    app.key('f')
    assert len({node.name for node in pictures(app)}) == N and not app.has('image', re.compile('favourite')), 'keys of the pictures count at a slider'
    app.close()
    app = desk.start()
    app.press(app.find('push button', 'History'))
    app.wait(lambda: len(cells(app)) == N, 'the history is there')
    app.click(cells(app)[1])
    app.key('Delete')
    app.wait(lambda: len(cells(app)) == N - 1, 'one is deleted')
    app.wait(lambda: any(app.is_focused(node) for node in app.find_all('table cell')), 'the keyboard stays in the history')
    app.key('Delete')
    app.wait(lambda: len(cells(app)) == N - 2, 'another is deleted')
    app.key('ctrl+z')
    app.wait(lambda: len(cells(app)) == N - 1, 'it is back')
    app.close()


def a_favourite_is_not_deleted(desk):
    app = start(desk)
    draw(app)
    app.key('F6', 'f')
    app.find('image', re.compile('picture 1,.*favourite'))
    app.key('Delete')
    app.find('label', re.compile('Favourites are not deleted'))
    app.key('ctrl+a', 'Delete')
    app.find('label', '3 pictures deleted; 1 favourite stays')
    app.wait(lambda: len({node.name for node in pictures(app)}) == 1, 'it stays')
    app.key('f', 'Delete')
    app.wait(lambda: not pictures(app), 'without its star it goes')
    app.close()


def further_pictures_are_scrolled_to(desk):
    desk.set('picture-count', '64')
    desk.set('seed-locked', 'true')
    app = desk.start()
    app.find('push button', 'Generate')
    for total in (64, 128):
        app.type(PROMPT if total == 64 else '')
        app.key('Return')
        app.find('status bar', re.compile(f'^{total} pictures'))
    first = [node for node in app.find_all('image', re.compile('picture 65,')) if app.is_showing(node)]
    assert first, 'the first of the further ones is not there'
    x, y, width, height = app.extents(first[0])
    assert 0 <= y < 700, y
    app.close()


def a_collection_goes_only_after_a_question(desk):
    app = start(desk)
    draw(app)
    app.close()
    app = desk.start()
    app.press(app.find('push button', 'History'))
    app.wait(lambda: len(cells(app)) == N, 'the history is there')
    app.open_menu(app.find('push button', 'Collections and Trash'), 'New Collection…')
    app.key('n')
    app.find('text', re.compile('[Nn]ame'))
    app.focus_newest()
    app.type('heads')
    app.key('Return')
    app.find('label', 'An Empty Collection')
    app.focus()
    app.open_menu(app.find('push button', 'Collections and Trash'), 'Delete Collection')
    app.key('d')
    app.find('push button', 'Cancel')
    app.focus_newest()
    app.key('Escape')
    app.find('label', 'An Empty Collection')
    app.focus()
    app.open_menu(app.find('push button', 'Collections and Trash'), 'Delete Collection')
    app.key('d')
    app.press(app.find('push button', 'Delete Collection'))
    app.wait(lambda: len(cells(app)) == N, 'all pictures show')
    app.close()


def directions_from_words_mark_what_the_model_does_not_know(desk):
    app = start(desk)
    draw(app)
    select_first(app)
    app.press(app.find('push button', re.compile('Words')))
    app.find('text', 'To')
    app.type('a xyzzyfrob person')
    app.find(None, re.compile('does not know.*xyzzyfrob'))
    app.key('ctrl+a')
    app.type('a happy person')
    app.wait_gone(None, re.compile('does not know'))
    app.key('Escape')
    app.close()


def the_history_tells_its_days(desk):
    app = start(desk)
    draw(app)
    app.close()
    library = sqlite3.connect(desk.user / 'library.sqlite')
    with library:
        library.execute('UPDATE pictures SET created = created - 86400 * 1000000 WHERE id IN (SELECT id FROM pictures ORDER BY created LIMIT 2)')
    library.close()
    app = desk.start()
    app.press(app.find('push button', 'History'))
    app.find('heading', 'Today')
    app.wait(lambda: [node.description for node in app.find_all('table cell', re.compile(PROMPT))].count('Yesterday') == 1,
             'yesterday begins with one picture')
    app.close()


def the_wheel_scrolls_the_panel_and_changes_no_slider(desk):
    app = start(desk)
    draw(app)
    select_first(app)
    glasses = app.find('slider', 'Glasses')
    top = app.extents(glasses)[1]
    app.click(glasses, button=5, times=3)
    app.wait(lambda: app.extents(glasses)[1] < top, 'the panel scrolls')
    assert all(app.value(node) == 0 for node in app.find_all('slider', re.compile('^(Glasses|Laugh|Long hair|Beard)$')))
    app.close()


def the_panel_comes_back_when_there_is_room(desk):
    app = start(desk)
    draw(app)
    select_first(app)
    app.resize(500, 700)
    app.wait_gone('slider', 'Blue hair')
    app.resize(1200, 700)
    app.find('slider', 'Blue hair')
    app.close()


def what_lies_between_pictures_plays_and_is_exported(desk):
    app = start(desk)
    draw(app)
    app.key('F6', 'shift+Right')
    app.key('b')
    app.find('label', 'In-between Film')
    before = app.pixels()
    app.wait(lambda: app.pixels() != before, 'it plays')
    app.wait(lambda: not app.has('label', re.compile('^Frame')) and app.is_enabled(app.find('push button', 'Export')), 'all frames are drawn')
    app.open_menu(app.find('push button', 'Export'), 'Animated WebP…')
    app.key('w')
    app.find('push button', re.compile('Save'))
    app.focus_newest()
    app.key('Return')
    film = wait(lambda: list(desk.pictures.glob('*.webp')), 'it is exported')[0]
    assert film.read_bytes()[:4] == b'RIFF' and b'ANIM' in film.read_bytes()
    app.focus()
    app.press(app.find('push button', 'End the Film'))
    app.wait_gone('push button', 'End the Film')
    app.close()


run(a_slider_changes_the_picture_and_undo_brings_it_back,
    works_with_gl,
    values_are_typed_and_filtered,
    holding_shows_the_original,
    an_edited_picture_is_saved_and_opened,
    a_picture_saved_as_new_keeps_its_number_and_is_edited,
    a_slider_is_pinned_and_hidden,
    the_panel_says_which_of_several_it_changes,
    the_wheel_scrolls_the_panel_and_changes_no_slider,
    the_panel_comes_back_when_there_is_room,
    what_lies_between_pictures_plays_and_is_exported,
    the_history_is_searched_and_survives_a_restart, deleting_keeps_the_keyboard_at_the_pictures, a_collection_goes_only_after_a_question,
    a_favourite_is_not_deleted, further_pictures_are_scrolled_to,
    directions_from_words_mark_what_the_model_does_not_know,
    the_history_tells_its_days)
