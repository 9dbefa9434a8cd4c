#!/usr/bin/python3
"""The Flatpak: built as its manifest says, installed, and used in its sandbox, against a runtime out of this Debian's packages.

    tests/flatpak/test-flatpak.py [WORD…]

Takes about ten minutes; skips, and says why, where the tools or namespaces of users are not there. Environment: C2L_FLATPAK_FOLDER, where the runtime
and the build are kept (build-flatpak); C2L_FLATPAK_BUILT=1: test what is installed there already; C2L_CUDA_MODULE: the CUDA module whose kernels run
on the host, for the extension (without it, the test of that is skipped); others are those of tests/flatpak/build.py and tests/app/ui/person.py."""

import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
sys.path.insert(0, str(SOURCE / 'tests' / 'app' / 'ui'))

import person  # noqa: E402  (found only now)

ID = 'io.github.clip2latent.Clip2Latent'
FOLDER = pathlib.Path(os.environ.get('C2L_FLATPAK_FOLDER', SOURCE / 'build-flatpak')).resolve()
FIXTURES = SOURCE / 'tests' / 'fixtures'
TOOLS = ('flatpak', 'flatpak-builder', 'bwrap', 'ostree', 'eu-strip', 'dpkg-query', 'apt-cache', 'xdg-dbus-proxy')
PROMPT = 'a happy man with a beard'
N = 4
TRAINING = 'data.val_im_samples=0 data.val_text_samples=null train.max_it=1000000 train.log_it=1 data.bs=16'


class SandboxedApp(person.App):
    """What runs in a sandbox has other process ids outside, and speaks on the accessibility bus through a proxy. It is alone on its display."""

    def owns(self, node):
        return bool(node.children)

    def windows(self):
        return person._xdo('search', '--onlyvisible', '--name', '.', check=False)


class SandboxedDesk(person.Desk):
    """A home folder of which the sandbox sees no more than ~/.var/app/ID."""

    make_app = SandboxedApp

    def __init__(self, **env):
        FOLDER.joinpath('desks').mkdir(exist_ok=True)
        # The sandbox has a /tmp of its own.
        tempfile.tempdir = str(FOLDER / 'desks')
        super().__init__(**env)
        own = self.home / '.var' / 'app' / ID
        own.mkdir(parents=True)
        shutil.move(self.config, own / 'config')
        self.data, self.config, self.cache = own / 'data', own / 'config', own / 'cache'
        self.data.mkdir()
        self.user = self.data / 'clip2latent'

    def environment(self, language=None, **more):
        env = super().environment(language, **more)
        for name in list(env):
            if name.startswith(('C2L_', 'XDG_DATA', 'XDG_CONFIG', 'XDG_CACHE')):
                del env[name]
        return {**env, 'FLATPAK_USER_DIR': str(FOLDER / 'installation')}

    def clear(self):
        # What a failed test leaves would be found by the next.
        subprocess.run(['flatpak', 'kill', ID], env=self.environment(), capture_output=True)
        super().clear()

    def command(self, *arguments, program=None):
        program = [f'--command={program}'] if program else []
        return ['flatpak', 'run', '--user', *program, ID, *map(str, arguments)]

    def run(self, program, *arguments, timeout=300):
        """Another program of the sandbox, to its end; cwd and files as it sees them."""
        return subprocess.run(self.command(*arguments, program=program), env=self.environment(), cwd=self.home, capture_output=True, text=True,
                              timeout=timeout)


def flatpak(desk, *arguments):
    return subprocess.run(['flatpak', '--user', *arguments], env=desk.environment(), check=True, capture_output=True, text=True).stdout


def start(desk, **settings):
    desk.set('picture-count', str(N))
    for key, value in settings.items():
        desk.set(key.replace('_', '-'), value)
    return desk.start()


def pictures(app):
    return app.find_all('image', re.compile(r'picture \d+.*score'))


def draw(app):
    app.find('push button', PROMPT)
    app.type(PROMPT)
    app.key('Return')
    app.wait(lambda: len({node.name for node in pictures(app)}) == N, f'{N} pictures are drawn and scored')


def has_no_more_rights_than_it_needs(desk):
    desk.home.joinpath('secret').write_text('of the user')
    desk.pictures.joinpath('private.png').write_bytes(b'')
    seen = desk.run('sh', '-c', 'ls -A "$HOME"; ls "$HOME/Pictures" "$HOME/secret" 2>/dev/null')
    assert seen.stdout.split() == ['.var'], seen
    rights = flatpak(desk, 'info', '--show-permissions', ID)
    context = dict(line.split('=', 1) for line in rights.split('[')[1].splitlines() if '=' in line)
    assert context == {'shared': 'network;ipc;', 'sockets': 'x11;wayland;fallback-x11;', 'devices': 'dri;'}, context
    assert '[Session Bus Policy]' not in rights and '[System Bus Policy]' not in rights, rights


def draws_and_saves_where_the_user_says(desk):
    """There is no portal here, so GTK asks by itself, in the sandbox."""
    kept = desk.data / 'kept pictures'
    kept.mkdir()
    app = start(desk)
    draw(app)
    app.key('F6', 'ctrl+s')
    app.find('push button', re.compile('Select$'))
    assert not list(desk.home.rglob('*.png')), 'a picture was saved before a folder was chosen'
    app.focus('Folder for Pictures')
    app.type('/')
    app.set_text(app.wait(lambda: next(iter(app.find_all('text', within=app.tree.children[-1])), None), 'a path can be typed'), str(kept))
    app.press(app.find('push button', re.compile('Select$')))
    app.find(None, re.compile('Saved as'))
    first, = kept.glob('*.png')
    assert first.name.startswith(PROMPT) and b'clip2latent' in first.read_bytes()
    app.focus()
    app.key('ctrl+shift+s')
    person.wait(lambda: len(list(kept.glob('*.png'))) == 1 + N, 'the others are saved without another question')
    app.close()
    drawn_again = desk.run('c2l', 'generate', '--from', first, '--out', desk.data / 'again')
    assert drawn_again.returncode == 0 and len(list((desk.data / 'again').glob('*.png'))) == 1, drawn_again.stderr


def computes_correctly(desk):
    shutil.copytree(FIXTURES / 'e2e', desk.data / 'e2e')
    folders = [path.parent for path in sorted((desk.data / 'e2e').rglob('info.json'))]
    result = desk.run('c2l', 'selftest', '--quiet', '--precision', 'f32', *folders)
    assert result.returncode == 0, result.stdout + result.stderr


def finds_the_cuda_module_where_its_extension_is_installed(desk):
    if not os.environ.get('C2L_CUDA_MODULE'):
        raise person.Skip('C2L_CUDA_MODULE names no module for the extension')
    shutil.copytree(FIXTURES / 'edits', desk.data / 'edits')
    folders = [path.parent for path in sorted((desk.data / 'edits').rglob('info.json'))]
    test = ('selftest', '--quiet', '--device', 'cuda:0', '--precision', 'f32', *folders)
    extension = f'{ID}.Cuda'
    # No NVIDIA driver here, so it did not come by itself.
    result = desk.run('c2l', *test)
    assert result.returncode != 0 and 'without its CUDA module' in result.stderr, result
    flatpak(desk, 'install', '--noninteractive', '--no-related', flatpak(desk, 'info', '--show-origin', ID).strip(), extension)
    try:
        result = desk.run('c2l', *test)
        assert result.returncode == 0, result.stdout + result.stderr
    finally:
        flatpak(desk, 'uninstall', '--noninteractive', '--no-related', extension)


def trains_on_when_the_window_is_closed_and_is_seen_from_another_sandbox(desk):
    app = start(desk)
    app.open_page('Train')
    app.press(app.find('push button', 'New Training…'))
    app.set_text(app.find('text', 'Name'), 'mine')
    app.set_value(app.find('spin button', 'Samples'), 100)
    app.set_text(app.find('text', 'Settings of your own'), TRAINING)
    app.find('label', re.compile(r'--n-samples 100 .*train.max_it=1'))
    app.wait(lambda: app.is_enabled(app.find('push button', 'Start')), 'it can be started')
    app.press(app.find('push button', 'Start'))
    run = desk.user / 'runs' / 'mine'
    person.wait(lambda: count_steps(run) >= 5, 'it trains', 240)
    app.focus()
    app.close()
    after = count_steps(run)
    person.wait(lambda: count_steps(run) >= after + 5, 'it trains on without a window')

    refused = desk.run('c2l', 'train', '--run', run, '--resume')
    assert refused.returncode != 0 and 'a trainer works in this folder already' in refused.stderr, refused
    app = start(desk)
    app.open_page('Train')
    app.find('label', re.compile('running · step'))
    app.press(app.find('push button', 'Stop'))
    app.find('label', re.compile('stopped · step'))
    assert json.loads((run / 'status.json').read_text())['state'] == 'stopped'
    app.close()
    person.wait(lambda: not flatpak(desk, 'ps').strip(), 'no sandbox is left')


def count_steps(run):
    path = run / 'metrics.jsonl'
    return path.read_bytes().count(b'\n') if path.exists() else 0


# --- before the tests: the tools, the build ---

def find_reason_to_skip():
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return 'not installed: ' + ', '.join(missing) + ' (apt-get install flatpak flatpak-builder ostree elfutils)'
    if importlib.util.find_spec('yaml') is None:
        return f'{sys.executable} has no module yaml (apt-get install python3-yaml)'
    tried = subprocess.run(['bwrap', '--ro-bind', '/', '/', '--unshare-user', '--unshare-pid', 'true'], capture_output=True, text=True)
    return f'no sandbox can be made here: {tried.stderr.strip()}' if tried.returncode != 0 else None


def build():
    FOLDER.mkdir(exist_ok=True)
    command = [sys.executable, str(HERE / 'build.py'), str(FOLDER), *filter(None, [os.environ.get('C2L_CUDA_MODULE')])]
    log = FOLDER / 'log'
    with log.open('wb') as file:
        result = subprocess.run(['dbus-run-session', '--', *command], stdout=file, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        print('1..1\nnot ok 1 - is built as the manifest says')
        print(''.join(f'# {line}\n' for line in log.read_text(errors='replace').splitlines()[-40:]))
        sys.exit(1)


def main():
    if person.INSIDE not in os.environ:
        reason = find_reason_to_skip()
        if reason:
            print(f'1..0 # SKIP {reason}')
            sys.exit(person.SKIPPED)
        if not os.environ.get('C2L_FLATPAK_BUILT'):
            build()
        os.environ['C2L_APP'] = shutil.which('flatpak')
    person.run(has_no_more_rights_than_it_needs, draws_and_saves_where_the_user_says, computes_correctly,
               finds_the_cuda_module_where_its_extension_is_installed, trains_on_when_the_window_is_closed_and_is_seen_from_another_sandbox,
               make_desk=SandboxedDesk)


main()
