#!/usr/bin/python3
"""For whoever has no mouse or no eyes: keys of the page count wherever the keyboard is and take nothing from who types; every control has
a name; what is not shown is not read; what is new is where the keyboard is."""

import re

import table
from person import Gone, Keyboard, run
from run_folder import RunFolder
from table import PROMPT, draw

CONTROLS = ('push button', 'toggle button', 'check box', 'radio button', 'combo box', 'spin button', 'entry', 'text', 'password text', 'slider',
            'page tab', 'menu item', 'table cell', 'link')
# GTK 4.8 gives what has no name that of its class.
CLASS_NAME = re.compile(r'^((Gtk|Adw|C2l)[A-Z]\w*)?$')
TABS = ('Sliders', 'Drawing', 'Mix')
# The desktop's keys do what they do; GTK gives them no focus.
WINDOW_BUTTONS = ('Minimize', 'Maximize', 'Close')


def find_nameless(app):
    """What a person comes to and is not told the name of, with where it stands."""
    found = []

    def visit(node, path):
        try:
            role, name = node.role, node.name
            if role in CONTROLS and CLASS_NAME.match(name) and app.is_showing(node):
                found.append(f'{role} in {" / ".join(path[-3:])}')
            for child in node.children:
                visit(child, path + [f'{role} {name!r}'])
        except Gone:
            pass

    visit(app.tree, [])
    return found


def check_names(app, where, wrong):
    wrong += [f'{where}: {line}' for line in find_nameless(app)]


def is_viewing(app):
    return app.has('push button', 'Back to All Pictures')


def go_to_header(app):
    """The keyboard to a button of the header; what that does is done and undone."""
    button = app.find('push button', 'Edit Panel')
    app.click(button)
    app.click(button)
    app.wait(lambda: app.is_focused(button), 'the header has the keyboard')


def keys_of_the_page_count_in_the_header(desk):
    app = table.start(desk)
    draw(app)
    go_to_header(app)
    app.key('ctrl+l')
    app.wait(lambda: app.is_focused(app.find('text', 'Prompt')), 'the prompt has the keyboard')
    go_to_header(app)
    app.key('F6')
    app.find('slider', 'Blue hair')
    go_to_header(app)
    app.key('f')
    app.find('image', re.compile('picture 1,.*favourite'))
    app.key('F6', 'space')
    app.wait(lambda: is_viewing(app), 'one picture is shown')
    go_to_header(app)
    app.key('Escape')
    app.wait(lambda: not is_viewing(app), 'all are shown')
    app.close()


def the_viewers_keys_count_after_a_film(desk):
    app = table.start(desk)
    draw(app)
    app.key('F6', 'shift+Right', 'b')
    app.press(app.find('push button', 'End the Film'))
    app.wait_gone('push button', 'End the Film')
    app.find('label', re.compile('^.*picture [12],'))
    app.key('Right')
    app.find('label', re.compile('^.*picture [23],'))
    app.key('f')
    app.find('image', re.compile('picture [23],.*favourite'))
    app.key('Escape')
    app.wait(lambda: not is_viewing(app), 'all are shown')
    app.close()


def shift_tab_leaves_the_prompt(desk):
    app = table.start(desk)
    prompt = app.find('text', 'Prompt')
    app.wait(lambda: app.is_focused(prompt), 'the prompt has the keyboard')
    app.key('shift+Tab')
    app.wait(lambda: app.get_focused() and not app.is_focused(prompt), 'something before the prompt has it')
    app.key('Tab')
    app.wait(lambda: app.is_focused(prompt), 'the prompt has it again')
    app.close()


def the_viewer_does_what_the_grid_does(desk):
    app = table.start(desk)
    draw(app)
    app.key('F6', 'Right', 'shift+Right', 'space')
    app.wait(lambda: is_viewing(app), 'one picture is shown')
    app.press(app.find('push button', 'Add to favourites', within=app.find('push button', 'Back to All Pictures').parent.parent))
    app.wait(lambda: len(app.find_all('image', re.compile('favourite'))) > 0, 'it is a favourite')
    app.key('Menu')
    app.find('menu item', 'Save As…')
    app.key('Escape')
    app.key('i')
    app.find('push button', 'Copy: Seed')
    app.key('Escape')
    app.wait(lambda: is_viewing(app), 'it still is shown')
    shown = lambda: app.find('label', re.compile(r'picture \d+,')).name
    favourite = shown()
    app.key('Delete')
    app.find('label', re.compile('Favourites are not deleted'))
    assert shown() == favourite, 'a spared picture is left for the next'
    app.key('f')
    app.wait(lambda: not app.has('image', re.compile('favourite')), 'it is none any more, and may be deleted')
    app.key('Delete')
    app.find('status bar', f'{table.N - 1} pictures')
    assert is_viewing(app)
    app.find('label', re.compile('picture [34],'))
    app.key('v')
    app.wait(lambda: not is_viewing(app), 'its variations are among the others')
    app.find('status bar', f'{table.N - 1 + 8} pictures')
    app.close()


def a_picture_is_not_compared_with_itself(desk):
    app = table.start(desk)
    draw(app)
    app.key('F6', 'Home', 'shift+Right', 'c')
    app.wait(lambda: is_viewing(app), 'two are compared')
    for _ in range(table.N):
        app.key('Right')
        names = [re.search(r'picture (\d+),', node.name)[1] for node in app.find_all('image', re.compile(r'picture \d+,'))[:2]]
        assert names[0] != names[1], names
    app.close()


def space_pauses_a_film(desk):
    app = table.start(desk)
    draw(app)
    app.key('F6', 'shift+Right', 'b')
    app.wait(lambda: app.is_checked(app.find('push button', 'Play')), 'it plays')
    app.key('space')
    app.wait(lambda: not app.is_checked(app.find('push button', 'Play')), 'it pauses')
    assert not app.is_enabled(app.find('push button', 'Next Picture'))
    app.key('space')
    app.wait(lambda: app.is_checked(app.find('push button', 'Play')), 'it plays on')
    app.key('Escape')
    app.wait(lambda: not is_viewing(app), 'all are shown')
    app.close()


def letters_are_left_to_who_types(desk):
    app = table.start(desk)
    draw(app)
    app.key('F6')
    app.click(app.find('entry', 'Filter sliders by name'))
    app.type('vfcmbiu')
    app.wait(lambda: not app.has('slider', 'Beard'), 'the letters arrived')
    assert not app.has('image', re.compile('favourite')) and not is_viewing(app)
    app.key('ctrl+l')
    app.type('vfcmbiu ')
    assert app.text(app.find('text', 'Prompt')) == 'vfcmbiu ', app.text(app.find('text', 'Prompt'))
    assert len(app.find_all('table cell')) == table.N
    app.close()


def the_panel_is_hidden_and_stays_so(desk):
    app = table.start(desk)
    draw(app)
    app.key('F6')
    app.find('slider', 'Blue hair')
    app.key('shift+F9')
    app.wait_gone('slider', 'Blue hair')
    app.resize(500, 700)
    app.resize(1200, 700)
    assert not app.has('slider', 'Blue hair')
    app.close()
    assert desk.get('panel-visible') == 'false', desk.get('panel-visible')
    app = table.start(desk)
    assert not app.has('label', 'Edit a Picture')
    app.press(app.find('push button', 'Edit Panel'))
    app.find('label', 'Edit a Picture')
    app.close()


def a_narrow_window_shows_the_panel_over_the_pictures(desk):
    app = table.start(desk)
    draw(app)
    app.resize(420, 700)
    app.key('F6')
    app.wait_gone('slider', 'Blue hair')
    app.key('shift+F9')
    app.find('slider', 'Blue hair')
    app.key('shift+F9')
    app.wait_gone('slider', 'Blue hair')
    app.close()


def tab_leaves_the_pictures_at_once(desk):
    app = table.start(desk)
    draw(app)
    app.key('F6')
    app.wait(lambda: any(app.is_focused(node) for node in app.find_all('table cell')), 'a picture has the keyboard')
    app.key('Tab')
    app.wait(lambda: not any(app.is_focused(node) for node in app.find_all('table cell')), 'none has it')
    app.key('F6', 'F9')
    app.wait(lambda: app.is_focused(app.find('combo box', 'Collection')) or any(app.is_focused(node) for node in app.find_all('push button')),
             'the history has the keyboard')
    app.key('F9')
    app.wait(lambda: any(app.is_focused(node) for node in app.find_all('table cell')), 'a picture has it again')
    app.close()


def parts_of_settings_are_used_by_one_key(desk):
    app = table.start(desk)
    draw(app)
    prompt = app.find('text', 'Prompt')
    app.key('ctrl+l')
    app.type('a woman')
    app.key('F6', 'p')
    app.wait(lambda: app.text(prompt) == table.PROMPT, 'the prompt is back')
    app.close()


def a_low_window_is_the_viewed_pictures_own(desk):
    desk.set('window-width', '360')
    desk.set('window-height', '640')
    desk.set('panel-visible', 'false')
    app = table.start(desk)
    draw(app)
    app.key('F6', 'space')
    app.wait(lambda: is_viewing(app), 'one picture is shown')
    app.wait(lambda: not app.has('text', 'Prompt'), 'the prompt leaves its room to the picture')
    app.wait(lambda: max(app.extents(node)[3] for node in app.find_all('image')) > 280, 'the picture is large')
    app.key('ctrl+l')
    app.wait(lambda: app.is_focused(app.find('text', 'Prompt')), 'the prompt is back')
    app.key('F6', 'Home', 'shift+Right', 'c')
    app.wait(lambda: is_viewing(app), 'two are compared')
    app.wait(lambda: not app.has('text', 'Prompt'), 'the prompt leaves its room to the pictures')
    app.key('Escape')
    app.find('text', 'Prompt')
    app.close()


def the_panel_keeps_its_picture_and_its_width(desk):
    app = table.start(desk)
    draw(app)
    app.key('F6')
    slider = app.find('slider', 'Blue hair')
    picture = app.find_all('image', re.compile('picture 1,'))[-1]
    before = app.extents(picture)
    app.click(slider, button=5, times=5)
    for tab in TABS:
        app.press(app.find('page tab', tab))
        assert app.extents(picture) == before, (tab, before, app.extents(picture))
    app.close()


def what_is_new_is_seen_and_has_the_keyboard(desk):
    app = table.start(desk)
    app.resize(900, 560)
    draw(app)
    app.key('F6', 'v')
    app.wait(lambda: len(app.find_all('table cell')) > table.N, 'variations are there')
    app.wait(lambda: (app.get_focused() or app.tree).role == 'table cell', 'a picture has the keyboard')
    focused = app.get_focused()
    assert focused == app.find_all('table cell')[table.N], focused.name
    frame, cell = app.extents(app.find('frame')), app.extents(focused)
    assert cell[1] >= 0 and cell[1] + cell[3] <= frame[1] + frame[3], (frame, cell)
    app.close()


def several_selected_pictures_are_counted(desk):
    app = table.start(desk)
    draw(app)
    app.key('F6')
    assert not app.has('status bar', re.compile('selected'))
    app.key('shift+Right', 'shift+Right')
    app.find('status bar', '3 selected')
    assert not app.is_enabled(app.find('push button', 'Compare'))
    app.press(app.find('push button', 'Select Only One'))
    app.wait_gone('status bar', '3 selected')
    app.key('shift+Right')
    app.press(app.find('push button', 'Delete'))
    app.find('status bar', f'{table.N - 2} pictures')
    app.find('push button', 'Undo: Delete 2 Pictures')
    app.close()


def rows_begin_with_their_prompts(desk):
    app = table.start(desk)
    app.type('a bald man')
    app.key('shift+Return')
    app.type('a laughing woman')
    app.key('Return')
    app.wait(lambda: len(app.find_all('table cell')) == 2 * table.N, 'both rows are there')
    first, second = app.find('label', 'a bald man'), app.find('label', 'a laughing woman')
    cells = app.find_all('table cell')
    assert app.extents(first)[1] < app.extents(second)[1]
    # All pictures of a line stand in line.
    for row in (cells[:table.N], cells[table.N:]):
        tops = {app.extents(app.find_all('image', re.compile('picture'), within=cell)[0])[1] for cell in row}
        assert len(tops) == 1, tops
    app.close()


def the_last_prompt_is_typed_over(desk):
    desk.set('prompt', "'a happy man'")
    app = table.start(desk)
    app.type('a bald man')
    app.wait(lambda: app.text(app.find('text', 'Prompt')) == 'a bald man', 'it was typed over')
    app.close()


def an_error_stays_until_it_is_dismissed(desk):
    desk.set('pictures-folder', "'file:///proc/nowhere'")
    app = table.start(desk)
    draw(app)
    app.key('F6', 'ctrl+s')
    app.find('label', re.compile('/proc/nowhere'))
    app.key('ctrl+shift+c')
    app.find('label', re.compile('^Seed .* copied'))
    app.find('label', re.compile('/proc/nowhere'))
    app.press(app.find('push button', 'Dismiss'))
    app.wait_gone('label', re.compile('/proc/nowhere'))
    app.close()


def a_newer_toast_takes_the_place_of_an_older_one(desk):
    desk.set('seed-locked', 'true')
    desk.set('seed', 'uint64 11')
    app = table.start(desk)
    app.key('ctrl+shift+c')
    app.find('label', 'Seed 11 copied')
    app.key('ctrl+r', 'ctrl+shift+c')
    app.wait(lambda: app.has('label', re.compile(r'^Seed (?!11 )\d+ copied')) and not app.has('label', 'Seed 11 copied'),
             'the newer one shows alone', seconds=4)
    app.close()


def every_control_has_a_name(desk):
    RunFolder(desk.user / 'runs' / 'portraits').write(range(50))
    wrong = []
    app = table.start(desk)
    check_names(app, 'before the first picture', wrong)
    draw(app)
    app.key('F6', 'shift+Right')
    for tab in TABS:
        app.press(app.find('page tab', tab))
        check_names(app, tab, wrong)
    app.key('F9')
    app.wait(lambda: len(app.find_all('table cell')) >= 2 * table.N, 'the history is there')
    check_names(app, 'history', wrong)
    app.key('F9', 'F6', 'space')
    app.wait(lambda: is_viewing(app), 'one picture is shown')
    check_names(app, 'viewer', wrong)
    app.key('Escape', 'F6', 'Home', 'shift+Right', 'b')
    app.find('push button', 'End the Film')
    check_names(app, 'film', wrong)
    app.key('Escape')
    app.open_page('Train')
    app.click(app.find('label', 'portraits'))
    app.wait(lambda: app.has(None, re.compile('Loss|loss')), 'the plots are there')
    check_names(app, 'a training', wrong)
    app.open_page('Models')
    app.find('label', 'Cartoon portraits')
    check_names(app, 'models', wrong)
    app.press(app.find('push button', 'Download…'))
    app.find('check box', 'I accept these licences')
    check_names(app, 'licences', wrong)
    app.focus_newest()
    app.key('Escape')
    app.wait_gone('check box', 'I accept these licences')
    app.focus()
    app.key('ctrl+comma')
    app.find('label', 'Theme')
    check_names(app, 'preferences', wrong)
    app.focus('Preferences')
    app.key('Escape')
    app.close()
    assert not wrong, '\n' + '\n'.join(sorted(set(wrong)))


def get_path(node):
    """The node and what it is in, the innermost first."""
    path = []
    while node is not None and node.role not in ('frame', 'application'):
        path.append(node)
        node = node.parent
    return path


def walk_by_tab(app, keyboard):
    """What has the keyboard, one after the other. Both ways: GTK comes back into a group where it left it, and what is before that place is
    behind whoever goes forward."""
    visited = [keyboard.get()]
    for key in ('Tab', 'shift+Tab'):
        lap = []
        for _ in range(120):
            app.key(key)
            focused = keyboard.get()
            if focused is not None and focused in lap:
                break
            lap.append(focused)
        else:
            raise AssertionError(f'the keyboard never comes round by {key}')
        visited += lap
    return visited


def find_unreachable(app, keyboard):
    """Controls that Tab does not come to. Arrows walk within lists, tabs and groups of buttons; a field and the button in it are one."""
    visited = walk_by_tab(app, keyboard)
    reached = {ancestor for node in visited for ancestor in get_path(node)[:3]}
    found = []
    for node in app.find_all():
        try:
            path = get_path(node)
            if (node.role not in CONTROLS or node.role in ('table cell', 'menu item') or node.name in WINDOW_BUTTONS
                    or not app.is_showing(node) or not all(app.is_enabled(ancestor) for ancestor in path)):
                continue
            is_part = any(ancestor in visited for ancestor in path[1:4]) or node in reached
            in_group = node.parent is not None and any(child in visited for child in node.parent.children if child.role == node.role)
            in_list = any(ancestor.role in ('list', 'table', 'page tab list', 'menu') for ancestor in path)
            if not (node in visited or is_part or in_group or in_list):
                found.append(f'{node.role} {node.name!r} in {" / ".join(ancestor.name or ancestor.role for ancestor in path[1:4])}')
        except Gone:
            pass
    return found


def every_control_is_reached_by_tab(desk):
    wrong = []
    app = table.start(desk)
    keyboard = Keyboard()
    draw(app)
    app.key('F6', 'F9')
    app.find('slider', 'Blue hair')
    app.wait(lambda: len(app.find_all('table cell')) >= 2 * table.N, 'the history is there')
    wrong += [f'Create: {line}' for line in find_unreachable(app, keyboard)]
    app.key('F9', 'F6', 'space')
    app.wait(lambda: is_viewing(app), 'one picture is shown')
    wrong += [f'viewer: {line}' for line in find_unreachable(app, keyboard)]
    app.key('Escape')
    for page, label in (('Train', 'No Trainings'), ('Models', 'Cartoon portraits')):
        app.open_page(page)
        app.find('label', re.compile(label))
        wrong += [f'{page}: {line}' for line in find_unreachable(app, keyboard)]
    app.close()
    assert not wrong, '\n' + '\n'.join(sorted(set(wrong)))


def what_is_not_shown_is_not_read(desk):
    app = table.start(desk)
    draw(app)
    everything = lambda: {node.name for node in app.find_all(showing=False)}
    app.key('F6')
    app.find('slider', 'Blue hair')
    shown = everything()
    for name in ('Back to All Pictures', 'Edit a Picture', 'Truncation', 'Search prompts', 'No Trainings', 'Draw Smaller'):
        assert name not in shown, name
    app.key('shift+F9')
    app.wait(lambda: 'Blue hair' not in everything(), 'the panel is not read')
    app.key('space')
    app.wait(lambda: not [node for node in app.find_all('table cell', showing=False)], 'the grid is not read')
    app.close()


run(keys_of_the_page_count_in_the_header, the_viewers_keys_count_after_a_film, shift_tab_leaves_the_prompt,
    the_viewer_does_what_the_grid_does, a_picture_is_not_compared_with_itself, space_pauses_a_film, letters_are_left_to_who_types, the_panel_is_hidden_and_stays_so,
    a_narrow_window_shows_the_panel_over_the_pictures, a_low_window_is_the_viewed_pictures_own,
    tab_leaves_the_pictures_at_once, parts_of_settings_are_used_by_one_key,
    the_panel_keeps_its_picture_and_its_width, what_is_new_is_seen_and_has_the_keyboard,
    several_selected_pictures_are_counted, rows_begin_with_their_prompts, the_last_prompt_is_typed_over, an_error_stays_until_it_is_dismissed,
    a_newer_toast_takes_the_place_of_an_older_one, every_control_has_a_name, every_control_is_reached_by_tab, what_is_not_shown_is_not_read, GSK_RENDERER='cairo')
