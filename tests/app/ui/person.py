"""A person in front of the program: starts it on a display, a session bus and in folders of its own, finds widgets by role and
name as a screen reader does, types, clicks and drags, and looks at the screen.

    from person import run, Desk

    def opens_on_create(desk):
        app = desk.start()
        app.click(app.find('toggle button', 'Models'))
        app.wait(lambda: app.has('label', 'Cartoon portraits'), 'the starter is listed')
        app.close()

    run(opens_on_create)

run() starts the file again under dbus-run-session and Xvfb, gives each test a fresh Desk, and reports in TAP. A missing tool skips
everything and is named. When a test ends, every program it started must be gone, in peace (close(), or kill() if the test is
about that), and have said nothing on standard error that tests/app/allowed-messages.txt does not allow.

Environment: C2L_APP, the program; C2L_SHOTS, a folder for a picture of the screen when a test fails.
What works through AT-SPI in GTK 4.8 and what needs the mouse: buttons, switches and view switchers have actions; check buttons,
list rows and cells of grids are clicked; text is set and read; sliders have values."""

import os
import pathlib
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
ALLOWED = HERE.parent / 'allowed-messages.txt'
TOOLS = ('dbus-run-session', 'Xvfb', 'xvfb-run', 'xdotool', 'import', 'convert')
INSIDE = 'C2L_PERSON_INSIDE'
RESULTS = 'C2L_PERSON_RESULTS'
SCREEN = (1280, 800)
PATIENCE = int(os.environ.get('C2L_PATIENCE', 90))   # seconds until what must happen counts as not happening; a busy machine takes long
MARGIN = 5      # of a window without a window manager, around what AT-SPI measures from
SKIPPED = 77

LOG_LINE = re.compile(r'^\((?:[^)]*):\d+\): (?:(\S+?)-)?(WARNING|CRITICAL|ERROR) \*\*: [\d:.]+: (.*)$')
OURS = re.compile(r'^(GLib.*|Gtk|Gdk|Gsk|Adwaita|c2l.*|clip2latent.*|)$')


def _xdo(*arguments, check=True):
    result = subprocess.run(['xdotool', *map(str, arguments)], capture_output=True, text=True)
    if check and result.returncode != 0:
        raise AssertionError(f'xdotool {" ".join(map(str, arguments))}: {result.stderr.strip()}')
    return result.stdout.split()


def wait(condition, what, seconds=PATIENCE):
    """Returns what the condition returns once that is true; fails with the words in @what."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f'waited {seconds} s in vain: {what}')
        time.sleep(0.05)


def read_allowed():
    rules = []
    for line in ALLOWED.read_text().splitlines():
        if line.strip() and not line.startswith('#'):
            domain, level, pattern = line.split(' ', 2)
            rules.append((domain, level, re.compile(pattern)))
    return rules


def find_complaints(text):
    """Lines of a log that no rule allows."""
    rules = read_allowed()
    complaints = []
    for line in text.splitlines():
        match = LOG_LINE.match(line)
        if not match or not OURS.match(match[1] or ''):
            continue
        if not any((match[1] or '') == domain and match[2] == level and pattern.fullmatch(match[3])
                   for domain, level, pattern in rules):
            complaints.append(line)
    return complaints


# --- what a screen reader sees ---

def _load_atspi():
    """Names of roles and states come from libatspi; the talking is done here, because libatspi remembers more of a window than it
    is told of in time."""
    global Atspi, Gio, GLib
    import gi
    gi.require_version('Atspi', '2.0')
    from gi.repository import Atspi, Gio, GLib


class Skip(Exception):
    """The test cannot be made here."""


class Gone(Exception):
    """The widget went away while one looked at it."""


class Node:
    """A widget as the accessibility bus shows it. Every look is a fresh one."""

    _bus = None
    SERVICE = 'org.a11y.atspi.'
    ROOT = '/org/a11y/atspi/accessible/root'

    def __init__(self, owner, path):
        self.owner, self.path = owner, path

    def __eq__(self, other):
        return isinstance(other, Node) and (self.owner, self.path) == (other.owner, other.path)

    def __hash__(self):
        return hash((self.owner, self.path))

    @classmethod
    def desktop(cls):
        return cls('org.a11y.atspi.Registry', cls.ROOT)

    @classmethod
    def _get_bus(cls):
        if cls._bus is None:
            session = Gio.bus_get_sync(Gio.BusType.SESSION)
            address = session.call_sync('org.a11y.Bus', '/org/a11y/bus', 'org.a11y.Bus', 'GetAddress', None, None, 0, -1).unpack()[0]
            flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
            cls._bus = Gio.DBusConnection.new_for_address_sync(address, flags)
        return cls._bus

    def call(self, interface, method, arguments=None):
        try:
            return self._get_bus().call_sync(self.owner, self.path, self.SERVICE + interface, method, arguments, None, 0, 20000).unpack()
        except GLib.Error as error:
            raise Gone(f'{method} of {self.path}: {error.message}') from None

    def get(self, interface, name):
        try:
            return self._get_bus().call_sync(self.owner, self.path, 'org.freedesktop.DBus.Properties', 'Get',
                                             GLib.Variant('(ss)', (self.SERVICE + interface, name)), None, 0, 20000).unpack()[0]
        except GLib.Error as error:
            raise Gone(f'{name} of {self.path}: {error.message}') from None

    @property
    def name(self):
        """Buttons of AdwMessageDialog are named by themselves and by their label in GTK 4.8, “Cancel Cancel”: once is enough."""
        name = self.get('Accessible', 'Name')
        half = len(name) // 2
        return name[:half] if len(name) > 2 and name[half:half + 1] == ' ' and name[:half] == name[half + 1:] else name

    @property
    def description(self):
        return self.get('Accessible', 'Description')

    @property
    def role(self):
        """“push button”, “label”, “slider”: libatspi's names."""
        return Atspi.role_get_name(Atspi.Role(self.call('Accessible', 'GetRole')[0]))

    @property
    def parent(self):
        owner, path = self.get('Accessible', 'Parent')
        return Node(owner, path)

    @property
    def children(self):
        return [Node(owner, path) for owner, path in self.call('Accessible', 'GetChildren')[0] if not path.endswith('/null')]

    def has_state(self, name):
        low, high = self.call('Accessible', 'GetState')[0]
        return bool((low | high << 32) >> int(getattr(Atspi.StateType, name)) & 1)

    def get_process_id(self):
        return self._get_bus().call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                         'GetConnectionUnixProcessID', GLib.Variant('(s)', (self.owner,)), None, 0, -1).unpack()[0]


class Keyboard:
    """Follows where the keyboard is by what the accessibility bus tells; asking every widget takes seconds."""

    def __init__(self):
        self.node = None
        Node._get_bus().signal_subscribe(None, 'org.a11y.atspi.Event.Object', 'StateChanged', None, 'focused', 0, self._on_changed)

    def _on_changed(self, bus, sender, path, interface, signal, arguments):
        if arguments.unpack()[1]:
            self.node = Node(sender, path)

    def get(self, seconds=0.15):
        """The last widget that got it, @seconds from now."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            while GLib.MainContext.default().iteration(False):
                pass
            time.sleep(0.01)
        return self.node


class Desk:
    """A display and folders for one test. Programs started here share settings, history and models."""

    @staticmethod
    def make_app(*arguments):
        return App(*arguments)

    def __init__(self, **env):
        self.env = env
        self.root = pathlib.Path(tempfile.mkdtemp(prefix='c2l-desk-'))
        self.home = self.root / 'home'
        self.data = self.home / '.local' / 'share'
        self.config = self.home / '.config'
        self.cache = self.home / '.cache'
        self.pictures = self.home / 'Pictures'
        self.user = self.data / 'clip2latent'
        for folder in (self.data, self.config / 'gtk-4.0', self.cache, self.pictures):
            folder.mkdir(parents=True)
        self.config.joinpath('gtk-4.0', 'settings.ini').write_text(
            '[Settings]\ngtk-enable-animations=false\ngtk-font-name=Cantarell 11\ngtk-hint-font-metrics=true\n')
        self.config.joinpath('user-dirs.dirs').write_text('XDG_PICTURES_DIR="$HOME/Pictures"\n')
        self.apps = []
        self.mounts = []
        # Not where the last test left it: a button under it shows its tip, and GTK then goes another way at Shift+Tab.
        _xdo('mousemove', 640, 400)
        # As long as a test waits for one, or a busy machine would let messages go unread.
        self.set('message-seconds', str(max(5, int(PATIENCE))))

    def environment(self, language=None, **more):
        env = {**os.environ, 'HOME': str(self.home), 'XDG_DATA_HOME': str(self.data), 'XDG_CONFIG_HOME': str(self.config),
               'XDG_CACHE_HOME': str(self.cache), 'GSETTINGS_BACKEND': 'keyfile', 'LC_ALL': 'C.UTF-8', 'GTK_A11Y': 'atspi',
               'NO_AT_BRIDGE': '0', **{name: str(value) for name, value in {**self.env, **more}.items()}}
        env.pop('LANGUAGE', None)
        if language:
            env['LANGUAGE'] = language
        return env

    def mount(self, folder, options):
        """Lets programs started from now on, and nobody else, find an empty file system of its own there: “size=64k” for one that is soon
        full, “ro” for one that takes nothing."""
        if os.geteuid() != 0 or subprocess.run(['unshare', '--mount', 'true'], capture_output=True).returncode != 0:
            raise Skip('file systems can only be mounted by root')
        folder.mkdir(parents=True, exist_ok=True)
        self.mounts.append(f'mount -t tmpfs -o {options} none {shlex.quote(str(folder))}')

    def command(self, *arguments):
        command = [os.environ['C2L_APP'], *map(str, arguments)]
        if self.mounts:
            command = ['unshare', '--mount', 'sh', '-c', ' && '.join([*self.mounts, 'exec "$0" "$@"']), *command]
        return command

    def set(self, key, value):
        """Writes a setting, @value as GVariant text, before the program is started."""
        path = self.config / 'glib-2.0' / 'settings' / 'keyfile'
        path.parent.mkdir(parents=True, exist_ok=True)
        group = '[io/github/clip2latent/Clip2Latent]'
        lines = path.read_text().splitlines() if path.exists() else [group]
        lines = [line for line in lines if not line.startswith(key + '=')]
        path.write_text('\n'.join([*lines, f'{key}={value}']) + '\n')

    def get(self, key):
        """A setting as GVariant text, as it lies on disk; None where it has its default."""
        path = self.config / 'glib-2.0' / 'settings' / 'keyfile'
        for line in path.read_text().splitlines() if path.exists() else []:
            if line.startswith(key + '='):
                return line.split('=', 1)[1]
        return None

    def call(self, *arguments, language=None, **env):
        """Runs the program to its end, as from a terminal."""
        return subprocess.run(self.command(*arguments), env=self.environment(language, **env),
                              capture_output=True, text=True, timeout=60)

    def start(self, *arguments, title='Clip2Latent', language=None, **env):
        """Starts the program and returns when its window is there."""
        app = self.make_app(self, arguments, title, self.environment(language, **env))
        self.apps.append(app)
        app.meet()
        return app

    def screenshot(self, path):
        subprocess.run(['import', '-window', 'root', str(path)], check=True)
        return path

    def clear(self):
        for app in self.apps:
            app.make_sure()
        shutil.rmtree(self.root, ignore_errors=True)


def _allow_core():
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


class App:
    """The running program."""

    def __init__(self, desk, arguments, title, env):
        self.desk = desk
        self.title = title
        self.log_path = desk.root / f'log-{len(desk.apps)}'
        self.log_file = self.log_path.open('wb')
        self.process = subprocess.Popen(desk.command(*arguments), env=env, stdin=subprocess.DEVNULL,
                                        stdout=self.log_file, stderr=subprocess.STDOUT, cwd=desk.root, preexec_fn=_allow_core)
        self.ended = False
        self.tree = None

    # --- meeting and leaving ---

    def meet(self):
        def find_tree():
            if self.process.poll() is not None:
                raise AssertionError(f'the program ended at once, with status {self.process.returncode}:\n{self.log()}')
            try:
                return next((child for child in Node.desktop().children if self.owns(child)), None)
            except (Gone, GLib.Error):
                return None

        self.tree = wait(find_tree, 'the program appears on the accessibility bus')
        self.focus()

    def owns(self, node):
        """Is it this program's tree?"""
        return node.get_process_id() == self.process.pid

    def log(self):
        return self.log_path.read_text(errors='replace')

    def close(self):
        """Closes the window as a person does, and expects a calm end."""
        self.focus()
        self.key('ctrl+q')
        self.expect_end()

    def expect_end(self, status=0):
        self.process.wait(PATIENCE)
        self._ended()
        if self.process.returncode != status:
            raise AssertionError(f'the program ended with status {self.process.returncode}:\n{self.log()}')

    def kill(self, number=signal.SIGKILL):
        """Ends it with violence, for tests about that."""
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        self._ended()

    def _ended(self):
        if not self.ended:
            self.ended = True
            self.log_file.close()
            complaints = find_complaints(self.log())
            if complaints:
                raise AssertionError('the program complained:\n' + '\n'.join(complaints))

    def find_core(self):
        """What the system left of the program, where it writes plain files."""
        pattern = pathlib.Path('/proc/sys/kernel/core_pattern').read_text().strip()
        if pattern.startswith('|'):
            return None
        path = self.desk.root / pattern.replace('%p', str(self.process.pid))
        return next((found for found in (path, path.with_name(f'{path.name}.{self.process.pid}')) if found.is_file()), None)

    def explain(self):
        """For a test that failed: did the program end, and where does or did it stand? Lines."""
        status = self.process.poll()
        core = self.find_core() if status is not None and status < 0 else None
        if status is not None:
            yield f'the program has ended, with status {status}'
        if shutil.which('gdb') and (status is None or core):
            place = ['-p', str(self.process.pid)] if status is None else [os.environ['C2L_APP'], str(core)]
            command = ['gdb', '-batch', '-ex', 'thread apply all backtrace 12', *place]
            for line in subprocess.run(command, capture_output=True, text=True, timeout=120).stdout.splitlines():
                if line.startswith(('#', 'Thread')):
                    yield line[:200]
        if core:
            core.unlink()
        yield from self.log().splitlines()[-20:]

    def make_sure(self):
        """For the end of a test that failed halfway."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log_file.close()

    # --- looking ---

    def walk(self, node=None):
        """All nodes, depth first. Nodes may vanish while one looks."""
        stack = [node or self.tree]
        while stack:
            node = stack.pop()
            yield node
            try:
                stack += reversed(node.children)
            except Gone:
                continue

    def has_state(self, node, name):
        """A state by its name in libatspi: CHECKED, EXPANDED, FOCUSED."""
        try:
            return node.has_state(name)
        except Gone:
            return False

    def is_showing(self, node):
        """GTK 4.8 sets the state for windows only. Hidden widgets are not in the tree; what has no room yet does not show."""
        try:
            _, _, width, height = self.extents(node)
            return width > 0 and height > 0
        except Gone:
            return False

    def find_all(self, role=None, name=None, within=None, showing=True):
        """@name: a string, or a compiled pattern to be found in the name."""
        found = []
        stack = [within or self.tree]
        while stack:
            node = stack.pop()
            try:
                stack += reversed(node.children)
                if role is not None and node.role != role:
                    continue
                if name is not None and not (node.name == name if isinstance(name, str) else name.search(node.name)):
                    continue
            except Gone:
                continue
            if not showing or node == self.tree or self.is_showing(node):
                found.append(node)
        return found

    def has(self, role=None, name=None, within=None):
        return bool(self.find_all(role, name, within))

    def find(self, role=None, name=None, within=None, seconds=PATIENCE):
        """Waits for it. Where there are several, the first in reading order."""
        what = f'{role or "something"} {name if isinstance(name, str) or name is None else name.pattern!r}'
        try:
            return wait(lambda: self.find_all(role, name, within), f'{what} shows', seconds)[0]
        except AssertionError as error:
            raise AssertionError(f'{error}\n{self.describe()}') from None

    def wait(self, condition, what, seconds=PATIENCE):
        return wait(condition, what, seconds)

    def wait_gone(self, role=None, name=None, seconds=PATIENCE):
        wait(lambda: not self.has(role, name), f'{role} {name} is gone', seconds)

    def describe(self):
        """What is on the screen, for messages."""
        lines = []
        for node in self.find_all():
            try:
                if node.name or node.role not in ('filler', 'panel'):
                    lines.append(f'  {node.role} {node.name!r}')
            except Gone:
                continue
        return 'what shows:\n' + '\n'.join(lines)

    def text(self, node):
        """What is written in an entry or text view; a label's is its name."""
        return node.call('Text', 'GetText', GLib.Variant('(ii)', (0, node.get('Text', 'CharacterCount'))))[0]

    def value(self, node):
        return node.get('Value', 'CurrentValue')

    def is_checked(self, node):
        return self.has_state(node, 'CHECKED') or self.has_state(node, 'PRESSED')

    def is_enabled(self, node):
        return self.has_state(node, 'SENSITIVE')

    def is_focused(self, node):
        return self.has_state(node, 'FOCUSED')

    def is_selected(self, node):
        return self.has_state(node, 'SELECTED')

    def get_focused(self):
        return next((node for node in self.find_all() if self.has_state(node, 'FOCUSED')), None)

    # --- windows ---

    def windows(self):
        """X ids of its visible windows, the newest last."""
        return _xdo('search', '--onlyvisible', '--pid', self.process.pid, check=False)

    def window(self, title=None):
        """The X id of the window with this title (the main window's where none is given)."""
        title = title or self.title
        return wait(lambda: _xdo('search', '--onlyvisible', '--name', f'^{re.escape(title)}$', check=False),
                    f'the window “{title}” shows')[-1]

    def focus(self, title=None):
        """Without a window manager nobody gives windows the keyboard; this does."""
        _xdo('windowfocus', '--sync', self.window(title))
        time.sleep(0.1)

    def focus_newest(self):
        """A dialog whose title is not known."""
        _xdo('windowfocus', '--sync', max(self.windows(), key=int))
        time.sleep(0.1)

    def resize(self, width, height):
        _xdo('windowsize', '--sync', self.window(), width, height)
        time.sleep(0.3)

    def _window_of(self, node):
        """The X window that a node's extents are measured in."""
        while node.parent != self.tree:
            node = node.parent
        return self.window(node.name or None)

    def extents(self, node):
        """x, y, width, height in its window."""
        (x, y, width, height), = node.call('Component', 'GetExtents', GLib.Variant('(u)', (int(Atspi.CoordType.WINDOW),)))
        return x + MARGIN, y + MARGIN, width, height

    # --- acting ---

    def _spot(self, node, x, y):
        """A place in a node: pixels from its left and upper edge (from the others if negative), or a fraction if a float; its middle."""
        left, top, width, height = self.extents(node)

        def place(start, size, wish):
            if wish is None:
                return start + size // 2
            if isinstance(wish, float):
                return start + int(size * wish)
            return start + wish if wish >= 0 else start + size + wish

        return place(left, width, x), place(top, height, y)

    def click(self, node, x=None, y=None, button=1, times=1, held=None):
        """With the mouse. @held: keys held meanwhile, “ctrl”, “shift”. Nobody clicks at what still moves."""
        spot = None
        while spot != (spot := self._spot(node, x, y)):
            time.sleep(0.05)
        _xdo('mousemove', '--window', self._window_of(node), *spot, check=False)
        if held:
            _xdo('keydown', held)
        _xdo('click', '--repeat', times, '--delay', 60, button)
        if held:
            _xdo('keyup', held)
        time.sleep(0.1)

    def open_menu(self, button, item):
        """Clicks at a button that opens a menu, until that shows @item: without a window manager a press can be lost while windows change."""
        for _ in range(3):
            self.click(button)
            try:
                return self.find('menu item', item, seconds=PATIENCE / 3)
            except AssertionError:
                continue
        return self.find('menu item', item, seconds=1)

    def double_click(self, node, x=None, y=None):
        self.click(node, x, y, times=2)

    def hover(self, node, x=None, y=None):
        _xdo('mousemove', '--sync', '--window', self._window_of(node), *self._spot(node, x, y), check=False)
        time.sleep(0.1)

    def drag(self, node, start, end, steps=12, pause=0.02, release=True):
        """From one place in a node to another, both (x, y) as in click()."""
        window = self._window_of(node)
        (x0, y0), (x1, y1) = self._spot(node, *start), self._spot(node, *end)
        # One process for all the way: starting one for each step would take the processor from the program.
        steps = [('sleep', pause, 'mousemove', '--window', window, x0 + (x1 - x0) * i // steps, y0 + (y1 - y0) * i // steps)
                 for i in range(1, steps + 1)]
        _xdo('mousemove', '--window', window, x0, y0, 'mousedown', 1, *(word for step in steps for word in step))
        if release:
            self.release()

    def release(self):
        _xdo('mouseup', 1)
        time.sleep(0.1)

    def press(self, node):
        """A button, by the action that a screen reader uses."""
        node.call('Action', 'DoAction', GLib.Variant('(i)', (0,)))
        time.sleep(0.1)

    def key(self, *keys):
        """“ctrl+s”, “Escape”: to the window that has the keyboard."""
        _xdo('key', '--clearmodifiers', *keys)
        time.sleep(0.1)

    def hold_key(self, key):
        _xdo('keydown', key)

    def release_key(self, key):
        _xdo('keyup', key)

    def type(self, text):
        """Keys one after the other, ASCII; set_text() for other scripts."""
        _xdo('type', '--delay', 15, '--', text)
        time.sleep(0.1)

    def set_text(self, node, text):
        node.call('EditableText', 'SetTextContents', GLib.Variant('(s)', (text,)))
        time.sleep(0.1)

    def set_value(self, node, value):
        """Of a slider or spin button."""
        try:
            node._get_bus().call_sync(node.owner, node.path, 'org.freedesktop.DBus.Properties', 'Set',
                                      GLib.Variant('(ssv)', (Node.SERVICE + 'Value', 'CurrentValue', GLib.Variant('d', value))), None, 0, -1)
        except GLib.Error as error:
            raise Gone(error.message) from None
        time.sleep(0.1)

    def open_page(self, name):
        """One of “Create”, “Train”, “Models”, by its key."""
        self.focus()
        self.key({'Create': 'ctrl+1', 'Train': 'ctrl+2', 'Models': 'ctrl+3'}[name])

    # --- seeing ---

    def pixels(self, node=None, size=(64, 64)):
        """What a node (or the whole screen) looks like: RGB bytes, scaled to @size."""
        command = ['import', '-window', 'root' if node is None else self._window_of(node)]
        if node is not None:
            x, y, width, height = self.extents(node)
            command += ['-crop', f'{max(1, width)}x{max(1, height)}+{x}+{y}', '+repage']
        command += ['-depth', '8', '-resize', f'{size[0]}x{size[1]}!', 'rgb:-']
        return subprocess.run(command, check=True, capture_output=True).stdout

    def screenshot(self, path):
        return self.desk.screenshot(path)


def difference(a, b):
    """Mean difference of two pixels() in levels of 255."""
    assert len(a) == len(b), 'pictures of different sizes cannot be compared'
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)


def brightness(pixels):
    return sum(pixels) / len(pixels)


# --- running ---

def _skip(reason):
    print(f'1..0 # SKIP {reason}')
    sys.exit(SKIPPED)


def _go_inside():
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        _skip('not installed: ' + ', '.join(missing))
    if not os.access(os.environ.get('C2L_APP', ''), os.X_OK):
        _skip('C2L_APP names no program')
    width, height = SCREEN
    env = {**os.environ, INSIDE: '1'}
    # Programs start in folders of their own.
    env.update({name: os.path.abspath(env[name]) for name in ('C2L_APP', 'C2L_DATA', 'C2L_FIXTURES', 'C2L_SHOTS') if name in env})
    # A screen reader must not find the buses of whoever runs the tests.
    for name in ('DBUS_SESSION_BUS_ADDRESS', 'AT_SPI_BUS_ADDRESS', 'WAYLAND_DISPLAY', 'DISPLAY', 'XAUTHORITY'):
        env.pop(name, None)
    # The accessibility bus has its socket there; two tests at once must not share one.
    with tempfile.TemporaryDirectory(prefix='c2l-run-') as runtime:
        env['XDG_RUNTIME_DIR'] = runtime
        # Results go past the buses, which have things of their own to say.
        results = os.dup(1)
        env[RESULTS] = str(results)
        result = subprocess.run(['dbus-run-session', '--', 'xvfb-run', '-a', '-s', f'-screen 0 {width}x{height}x24 -noreset',
                                 sys.executable, *sys.argv], env=env, stdout=sys.stderr, pass_fds=[results])
    sys.exit(result.returncode)


def _run_one(number, test, make_desk, env):
    name = test.__name__.replace('_', ' ')
    desk = make_desk(**env)
    try:
        test(desk)
        for app in desk.apps:
            if not app.ended:
                raise AssertionError('the test left the program running; close() it')
        print(f'ok {number} - {name}', flush=True)
        return True
    except Skip as reason:
        print(f'ok {number} - {name} # SKIP {reason}', flush=True)
        return True
    except Exception:
        for line in traceback.format_exc().splitlines():
            print('# ' + line)
        for app in desk.apps:
            for line in app.explain():
                print('# log: ' + line)
        if os.environ.get('C2L_SHOTS'):
            desk.screenshot(pathlib.Path(os.environ['C2L_SHOTS']) / f'{pathlib.Path(sys.argv[0]).stem}-{number}.png')
        print(f'not ok {number} - {name}', flush=True)
        return False
    finally:
        desk.clear()


def run(*tests, make_desk=Desk, **env):
    """The main function of a test file; @env for every program it starts (GSK_RENDERER='cairo', where it is not about OpenGL).
    Words on the command line pick the tests with these in their names. @make_desk: a class of one's own, where the program is started in
    another way."""
    if INSIDE not in os.environ:
        _go_inside()
    sys.stdout = os.fdopen(int(os.environ[RESULTS]), 'w', buffering=1)
    try:
        _load_atspi()
    except (ImportError, ValueError) as error:
        _skip(f'AT-SPI cannot be used from {sys.executable}: {error}')
    chosen = [test for test in tests if all(word in test.__name__ for word in sys.argv[1:])]
    print(f'1..{len(chosen)}', flush=True)
    results = [_run_one(number, test, make_desk, env) for number, test in enumerate(chosen, 1)]
    sys.exit(0 if all(results) else 1)
