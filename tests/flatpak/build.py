#!/usr/bin/python3
"""Builds and installs the program as its manifest says, against a runtime that make-runtime.py makes of this Debian's packages under the
names that the manifest asks for, in an installation of its own.

    build.py FOLDER [CUDA_MODULE]

What needs the network is left out of the manifest: oneDNN is then Debian's, of the SDK, and CUDA_MODULE, the module whose kernels
run on the host, takes the place of the one that nvcc makes. C2L_ONEDNN=REPOSITORY has oneDNN built, too, from a copy of its repository.
In FOLDER: installation (FLATPAK_USER_DIR), runtime (kept for the next time), manifest.json, log."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
MANIFEST = SOURCE / 'flatpak' / 'io.github.clip2latent.Clip2Latent.yml'

# What the program needs where it runs, as far as GNOME's runtime has it, and what draws without a graphics device.
PLATFORM = '''
    bash dash libc-bin coreutils grep sed findutils ca-certificates fonts-cantarell adwaita-icon-theme hicolor-icon-theme librsvg2-common shared-mime-info gsettings-desktop-schemas
    libgtk-4-1 libadwaita-1-0 libepoxy0 libgl1-mesa-dri libegl-mesa0 libegl1 libgl1 libjson-glib-1.0-0 libcurl4 libpng16-16 libjpeg62-turbo
    libwebp7 libwebpmux3 libwebpdemux2 libyaml-0-2 libsqlite3-0 libgomp1 libstdc++6 zlib1g libglib2.0-bin'''.split()
# What it needs to be built.
SDK = PLATFORM + '''
    tar diffutils mawk perl build-essential meson ninja-build pkg-config python3 gettext desktop-file-utils gzip xz-utils git cmake
    libgtk-4-dev libadwaita-1-dev libepoxy-dev libjson-glib-dev libcurl4-openssl-dev libpng-dev libjpeg62-turbo-dev libwebp-dev libyaml-dev
    libsqlite3-dev zlib1g-dev libglib2.0-dev'''.split()
# oneDNN is a module of the manifest, and the runtimes' only where that is left out.
DNNL = (['libdnnl2'], ['libdnnl2', 'libdnnl-dev'])


def read_manifest():
    # Not as flatpak-builder shows it: 1.2.3 says “no-autodownload: true” there of every extension.
    return yaml.safe_load(MANIFEST.read_text())


def arch():
    return subprocess.run(['flatpak', '--default-arch'], check=True, capture_output=True, text=True).stdout.strip()


def adapt(manifest, cuda_module, onednn):
    """What the sandbox of a build machine without a network cannot have."""
    modules = []
    for module in manifest['modules']:
        if module['name'] == 'onednn':
            if not onednn:
                continue
            module['sources'][0]['url'] = pathlib.Path(onednn).resolve().as_uri()
        if module['name'] == 'cuda':
            if not cuda_module:
                continue
            module = {'name': 'cuda', 'buildsystem': 'simple', 'sources': [{'type': 'file', 'path': str(pathlib.Path(cuda_module).resolve())}],
                      'build-commands': [f'install -Dm 755 {pathlib.Path(cuda_module).name} /app/lib/clip2latent/libc2l-cuda.so']}
        if module['name'] == 'clip2latent':
            module['build-options']['arch'] = {}
            module['config-opts'].append('-Dcuda=disabled')
            module['sources'][0]['path'] = str(SOURCE)
        modules.append(module)
    # Debian has no appstream-compose for the SDK; tests/app checks the metainfo.
    return {**manifest, 'modules': modules, 'appstream-compose': False}


def make_runtimes(folder, manifest, onednn):
    """The repository is made under another name and renamed, so that one that is there is whole."""
    repository = folder / ('runtime-without-onednn' if onednn else 'runtime')
    if repository.exists():
        return repository
    part = repository.with_name(repository.name + '.part')
    shutil.rmtree(part, ignore_errors=True)
    ending = f'{arch()}/{manifest["runtime-version"]}'
    sdk = f'{manifest["sdk"]}/{ending}'
    for ref, packages, dnnl in ((f'{manifest["runtime"]}/{ending}', PLATFORM, DNNL[0]), (sdk, SDK, DNNL[1])):
        packages = packages if onednn else packages + dnnl
        subprocess.run([sys.executable, str(HERE / 'make-runtime.py'), str(part), ref, sdk, *packages], check=True)
    part.rename(repository)
    return repository


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    onednn = os.environ.get('C2L_ONEDNN')
    manifest = read_manifest()
    repository = make_runtimes(folder, manifest, onednn)

    installation = folder / 'installation'
    shutil.rmtree(installation, ignore_errors=True)
    env = {**os.environ, 'FLATPAK_USER_DIR': str(installation)}

    def call(*command):
        subprocess.run(list(map(str, command)), check=True, env=env, cwd=folder)

    call('flatpak', '--user', 'remote-add', '--no-gpg-verify', 'stand-in', repository)
    for name in (manifest['runtime'], manifest['sdk']):
        call('flatpak', '--user', 'install', '--noninteractive', '--no-deps', '--no-related', 'stand-in', f'{name}//{manifest["runtime-version"]}')
    folder.joinpath('manifest.json').write_text(json.dumps(adapt(manifest, sys.argv[2] if len(sys.argv) > 2 else None, onednn), indent=2))
    call('flatpak-builder', '--user', '--install', '--disable-rofiles-fuse', '--force-clean', *([] if onednn else ['--disable-download']),
         f'--state-dir={folder / "state"}', folder / 'build', folder / 'manifest.json')


if __name__ == '__main__':
    main()
