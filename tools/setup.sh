#!/bin/sh
# Makes $VENV and installs this project with the extras in $EXTRAS (comma-separated; empty: the base alone).
# Nothing is done when the same was installed already from the same pyproject.toml.
set -eu
extras=${EXTRAS:-}
venv=${VENV:-.venv}
python=${PYTHON:-python3}

say() { printf '%s\n' "setup: $*" >&2; }

# $1: command or file to look for; the rest: Debian packages that bring it
need() {
    found=$1
    shift
    command -v "$found" >/dev/null 2>&1 || [ -e "$found" ] || missing="$missing $*"
}

install_debian_packages() {
    [ -n "$missing" ] || return 0
    as_root=''
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null && as_root=sudo || as_root=no
    fi
    if [ "$as_root" = no ] || ! command -v apt-get >/dev/null 2>&1; then
        say "these Debian packages are missing and this user may not install them:$missing"
        say "ask for: apt-get install$missing"
        exit 1
    fi
    say "installing$missing"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086  (a list of packages)
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "Python 3.11 or later is needed; PYTHON=python3.12 make ... names another"
    exit 1
}
# uv leaves out what it does not know, without a word
"$python" -c '
import sys, tomllib
with open("pyproject.toml", "rb") as file:
    known = tomllib.load(file)["project"]["optional-dependencies"]
if unknown := set(filter(None, sys.argv[1].split(","))) - set(known):
    print(f"setup: no extra is called {min(unknown)!r}; with commas between them:", ",".join(known), file=sys.stderr)
    sys.exit(2)' "$extras"
missing=''
need cc gcc libc6-dev
need make make
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
case ",$extras," in
*,all,* | *,ffcv,*)
    need /usr/include/opencv4/opencv2/core.hpp libopencv-dev
    need /usr/include/turbojpeg.h libturbojpeg0-dev
    need pkg-config pkg-config
    need g++ g++
    "$python" -c 'import os, sysconfig, sys; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' || missing="$missing python3-dev"
    ;;
esac
case ",$extras," in *,all,* | *,torch,*) need ffmpeg ffmpeg ;; esac
install_debian_packages

# two codecs come in Debian packages only; without them, they alone are unavailable
missing=''
case ",$extras," in
*,all,* | *,codecs,*)
    for wanted in libspeex.so.1:libspeex1 libvo-amrwbenc.so.0:libvo-amrwbenc0; do
        "$python" -c "import ctypes; ctypes.CDLL('${wanted%:*}')" 2>/dev/null || missing="$missing ${wanted#*:}"
    done
    (install_debian_packages) || say "going on without$missing"
    ;;
esac

# $venv may be another checkout's, too; bench does not start where the checkout was moved or Python is another one now
wanted="$extras $(pwd -P) $(cat pyproject.toml tools/setup.sh | cksum)"
stamp=$venv/.installed
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && "$venv/bin/bench" --version >/dev/null 2>&1; then
    [ -z "$(find csrc CMakeLists.txt -newer "$stamp" -type f -print -quit)" ] && exit 0
fi

if ! "$venv/bin/python" -c '' 2>/dev/null; then
    # venv leaves links as they are, also to a Python that is gone
    [ -e "$venv/bin/python" ] || rm -f "$venv/bin/python" "$venv"/bin/python3*
    "$python" -m venv "$venv"
fi
# pip is missing after a setup that was interrupted, or when Python is another one now
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null
"$venv/bin/python" -m pip install -q --disable-pip-version-check 'uv>=0.5' 'scikit-build-core>=0.10' 'cmake>=3.16' ninja || {
    say "pip has no uv or no build tools, for the reason above: it needs PyPI, or an index that its settings name"
    exit 1
}
say "installing audio-bench${extras:+[$extras]}"
# byte code now and once, for workers start by the hundred; without build isolation, so that the C library is built
# again within seconds when its sources change
"$venv/bin/uv" pip install -q --compile-bytecode -p "$venv/bin/python" --no-build-isolation-package audio-bench -e ".${extras:+[$extras]}"
printf '%s' "$wanted" >"$stamp"
