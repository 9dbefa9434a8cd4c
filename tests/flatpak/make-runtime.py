#!/usr/bin/python3
"""Makes a stand-in for a Flatpak runtime out of this Debian's own packages, so that the program can be built and run in the sandbox without any remote.

    make-runtime.py REPOSITORY REF SDK PACKAGE…

@REF and @SDK: “org.gnome.Platform/x86_64/50”. Copies what the packages and all that they depend on have under /usr (hard links where the file
system allows), and exports it to the OSTree repository. Only what is installed is taken: where a package is missing, its name is said."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# A runtime has no services, no kernel and no drivers of its own.
LEFT_OUT_PACKAGES = re.compile(r'^(systemd|udev|libcuda|nvidia|linux-image|init|sysvinit)')
LEFT_OUT_FILES = re.compile(r'^usr/(games|src)/|^usr/share/(doc|man|info|lintian|bug|gtk-doc|help|locale|vala)/')
MERGED = re.compile(r'^(bin|sbin|lib|lib64)/')
# Made when packages were installed, and so no package's.
CACHES = ('usr/share/glib-2.0/schemas/gschemas.compiled', 'usr/lib/*/gdk-pixbuf-2.0/2.10.0/loaders.cache', 'usr/lib/*/gio/modules/giomodule.cache',
          'usr/share/icons/*/icon-theme.cache', 'usr/share/mime/*', 'usr/share/mime/*/*')
CONFIGURATION = ('fonts', 'ssl/certs', 'passwd', 'group', 'nsswitch.conf')


def read(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def find_packages(wanted):
    """The wanted ones and all that they need, as far as installed."""
    installed = {line.split(' ')[1].split(':')[0]: line.split(' ')[1]
                 for line in read('dpkg-query', '-W', '-f', '${db:Status-Abbrev}${binary:Package}\\n').splitlines() if line.startswith('ii ')}
    missing = [name for name in wanted if name not in installed]
    if missing:
        sys.exit('not installed: ' + ' '.join(missing))
    names = read('apt-cache', 'depends', '--recurse', '--no-recommends', '--no-suggests', '--no-conflicts', '--no-breaks', '--no-replaces',
                 '--no-enhances', *wanted)
    names = {line.split(':')[0] for line in names.splitlines() if re.match('[a-z0-9]', line)}
    return sorted(installed[name] for name in names & installed.keys() if not LEFT_OUT_PACKAGES.match(name))


def list_files(packages):
    files = set()
    for line in read('dpkg', '-L', *packages).splitlines():
        name = MERGED.sub(r'usr/\1/', line[1:])
        if name.startswith('usr/') and not LEFT_OUT_FILES.match(name):
            files.add(name)
    # Names that the administrator may give to other programs (cc, awk).
    files |= {str(path.relative_to('/')) for path in pathlib.Path('/usr/bin').iterdir()
              if path.is_symlink() and os.readlink(path).startswith('/etc/alternatives/') and os.path.realpath(path)[1:] in files}
    files |= {str(path.relative_to('/')) for pattern in CACHES for path in pathlib.Path('/').glob(pattern)}
    return sorted(files)


def place(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        link = os.readlink(source)
        # /etc/alternatives is not the runtime's.
        target.symlink_to(os.path.realpath(source) if link.startswith('/etc/alternatives/') else link)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def fill(root, packages):
    for name in list_files(packages):
        source, target = pathlib.Path('/', name), root / name
        if (source.is_symlink() or source.is_file()) and not target.is_symlink() and not target.exists():
            place(source, target)
    for name in ('bin', 'sbin', 'lib64', 'share'):
        (root / 'usr' / name).mkdir(parents=True, exist_ok=True)
    etc = root / 'usr' / 'etc'
    (etc / 'dbus-1').mkdir(parents=True)
    etc.joinpath('ld.so.conf').touch()
    for name in CONFIGURATION:
        source, target = pathlib.Path('/etc', name), etc / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        elif source.exists():
            shutil.copy2(source, target)


def export(root, repository, ref, sdk):
    name, _, branch = ref.split('/')
    root.joinpath('files').mkdir()
    root.joinpath('metadata').write_text(f'[Runtime]\nname={name}\nruntime={ref}\nsdk={sdk}\n\n'
                                         '[Environment]\nXDG_DATA_DIRS=/app/share:/usr/share:/usr/share/runtime/share:/run/host/user-share:/run/host/share\n')
    if not (repository / 'config').exists():
        subprocess.run(['ostree', 'init', '--mode=archive-z2', f'--repo={repository}'], check=True)
        # Speed, not size: it lives as long as the test.
        subprocess.run(['ostree', 'config', f'--repo={repository}', 'set', 'archive.zlib-level', '1'], check=True)
    subprocess.run(['flatpak', 'build-export', '--disable-sandbox', '--runtime', '--files=usr', str(repository), str(root), branch],
                   check=True, stdout=subprocess.DEVNULL)


def main():
    repository, ref, sdk, *wanted = sys.argv[1:]
    repository = pathlib.Path(repository).resolve()
    repository.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=repository.parent, prefix='runtime-') as root:
        root = pathlib.Path(root)
        fill(root, find_packages(wanted))
        export(root, repository, ref, sdk)


main()
