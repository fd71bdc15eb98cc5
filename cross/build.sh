#!/bin/bash
# Builds the static binary for every line of cross/targets, or for those that are named, into cross/out and prints the sizes.
#
#   cross/build.sh [armv6 …]
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p cross/out

while read -r name arch variant _; do
  case $name in '' | '#'*) continue ;; esac
  [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
  out=cross/out/releve-linux-$name
  [ "$variant" != - ] || variant=GOARM=
  env CGO_ENABLED=0 GOOS=linux GOARCH="$arch" "$variant" \
    "${GO:-go}" build -trimpath -ldflags "${LDFLAGS:--s -w}" -o "$out" ./agent
  stat -c %s "$out" | awk -v out="$out" '{ printf "%-32s %5.1f MB\n", out, $1 / 1e6 }'
done <cross/targets
