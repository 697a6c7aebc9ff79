#!/usr/bin/env bash
# Proves that a bundle needs no Python of the machine: it makes a starter sticker with an empty PATH,
# and, where that is possible (root), inside a root folder that holds nothing but the bundle and the
# C libraries it names.
set -euo pipefail
bundle=$(cd "${1:?the bundle folder}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
order=(generate "red heart" --seed 1 --json -o)

echo "Making a sticker with no Python on the PATH."
env -i HOME="$work/home" PATH=/nonexistent "$bundle/stickerstudio" "${order[@]}" "$work/out" >"$work/answer.json"
ls -l "$work/out"

if [ "$(id -u)" = 0 ] && [ "$(uname)" = Linux ]; then
    root=$work/root
    mkdir -p "$root/tmp" "$root/proc" "$root/dev"
    cp -al "$bundle" "$root/bundle" 2>/dev/null || cp -a "$bundle" "$root/bundle"
    { ldd "$bundle/stickerstudio"; find "$bundle" -name '*.so*' -exec ldd {} + 2>/dev/null; } |
        grep -oE '/[^ ]+\.so[^ ]*' | sort -u | while read -r library; do
        case $library in "$bundle"/*) continue ;; esac
        mkdir -p "$root$(dirname "$library")"
        cp -nL "$library" "$root$library"
    done
    mknod -m 666 "$root/dev/null" c 1 3 2>/dev/null || : >"$root/dev/null"
    mknod -m 444 "$root/dev/urandom" c 1 9 2>/dev/null || true
    mount -t proc proc "$root/proc" # the memory plan reads it
    trap 'umount "$root/proc" && rm -rf "$work"' EXIT
    echo "Making a sticker where there is nothing but the bundle and the C libraries."
    env -i HOME=/tmp PATH=/nonexistent "$(command -v chroot)" "$root" /bundle/stickerstudio "${order[@]}" /tmp/out >"$work/answer2.json"
    ls -l "$root/tmp/out"
fi
echo "The bundle runs on its own: $(du -sh "$bundle" | cut -f1)."
