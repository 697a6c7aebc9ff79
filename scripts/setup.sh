#!/usr/bin/env bash
# Puts what one purpose needs into .venv/: run, dev, bundle or recipe. A second call finds its stamp
# and ends at once; a changed pyproject.toml or constraints.txt makes the stamp stale.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?run, dev, bundle or recipe}
venv=.venv
say() { printf '%s\n' "$*" >&2; }
as_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() { # package …
    say "Installing with apt: $*"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

python=""
for candidate in python3.11 python3.12 python3.13 python3; do
    if command -v "$candidate" >/dev/null &&
        "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    say "Sticker Studio needs Python 3.11, 3.12 or 3.13, and none was found. Install it, for example:"
    say "    sudo apt-get install -y python3 python3-venv"
    exit 1
fi

stamp=$venv/.ready-$purpose
want=$(cat pyproject.toml constraints.txt scripts/setup.sh | cksum)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$want" ]; then
    if [ ! -x $venv/bin/python ]; then
        say "Making $venv/ with $($python --version)."
        if ! $python -c 'import ensurepip, venv' 2>/dev/null; then
            version=$($python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
            if as_root; then
                apt_install "python$version-venv"
            else
                say "Python's venv module is missing. Type this, then try again:"
                say "    sudo apt-get install -y python$version-venv"
                exit 1
            fi
        fi
        $python -m venv $venv
    fi
    pip="$venv/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt"
    say "Installing what '$purpose' needs into $venv/ (the first time this takes minutes: torch is large)."
    $pip pip # dependency groups need a pip newer than Debian's
    # torch first and alone, so that the pinned version is settled before anything asks for a range.
    $pip torch
    case $purpose in
    run) $pip --editable . ;;
    *) $pip --editable . --group dev ;;
    esac
    case $purpose in
    bundle | recipe) $pip --group "$purpose" ;;
    esac
    printf '%s' "$want" >"$stamp"
fi

missing=$($venv/bin/python scripts/qt_libraries.py)
if [ -n "$missing" ]; then
    if as_root; then
        # shellcheck disable=SC2086 # one word a package is meant
        apt_install $missing
    else
        say "The window needs system libraries that are missing here. Type this, then try again:"
        say "    sudo apt-get install -y $missing"
        exit 1
    fi
fi
say "Ready: $purpose."
