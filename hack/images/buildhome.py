"""A root's home for the time of a build: pip, npm, curl and git find this machine's settings in it.

It is mounted over `/root` while `RUN` instructions run. The folder exists in every base image, so not even a mount
point is left, no variable enters the image, and what tools cache in their home does not either.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from images.machine import BuildSettings

_BUNDLE = "/root/build-ca.crt"


def files_of(settings: BuildSettings) -> dict[str, str]:
    """Configuration files by their path in the home. Pure."""
    with_bundle = settings.ca_bundle is not None
    pip = settings.pip | ({"cert": _BUNDLE} if with_bundle else {})
    npm = settings.npm | ({"cafile": _BUNDLE} if with_bundle else {})
    files = {}
    if pip:
        files[".config/pip/pip.conf"] = "[global]\n" + "".join(f"{key} = {value}\n" for key, value in pip.items())
    if npm:
        files[".npmrc"] = "".join(f"{key}={value}\n" for key, value in npm.items())
    if with_bundle:
        files[".curlrc"] = f'cacert = "{_BUNDLE}"\n'
        files[".gitconfig"] = f"[http]\n\tsslCAInfo = {_BUNDLE}\n"
    return files


def write(home: Path, settings: BuildSettings) -> None:
    """Fills the folder `home`."""
    home.chmod(0o700)
    for name, text in files_of(settings).items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    if settings.ca_bundle is not None:
        shutil.copyfile(settings.ca_bundle, home / Path(_BUNDLE).name)
