#!/usr/bin/env bash
# Opens the window; where there is no display, says so and makes four stickers instead.
set -euo pipefail
cd "$(dirname "$0")/.."
studio=.venv/bin/stickerstudio
if [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}" ] && [ -z "${WAYLAND_DISPLAY:-}" ]; then
    echo "There is no display here, so the window cannot open. Making four stickers on the command line instead."
    folder=${STICKERS:-$PWD/build/stickers}
    $studio generate "otter, soft, dm-sticker" -n 4 --seed 1 -o "$folder" --json |
        .venv/bin/python -c 'import json, sys
for sticker in json.load(sys.stdin)["stickers"]:
    print(sticker["path"])'
    echo "On a machine with a display the same command opens Sticker Studio."
else
    exec $studio
fi
