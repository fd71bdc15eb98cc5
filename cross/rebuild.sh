#!/bin/bash
# Builds one target again, from nothing: in a copy of this tree in another folder, with a build cache of its own. It has to be
# what is in cross/out, byte for byte. This is what make check affords of reproduce.sh, which makes the whole release twice.
#
#   cross/rebuild.sh armv6
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/elsewhere/releve"
git ls-files -z --cached --others --exclude-standard --deduplicate | while IFS= read -r -d '' file; do
  [ ! -e "$file" ] || printf '%s\0' "$file" # removed, and not yet committed
done | tar -c --null -T - | tar -x -C "$work/elsewhere/releve"
"$work/elsewhere/releve/agent/status/npm/take.sh"
GOCACHE=$work/cache "$work/elsewhere/releve/cross/build.sh" "$name" >/dev/null

built=releve-linux-$name
cmp "cross/out/$built" "$work/elsewhere/releve/cross/out/$built" ||
  { echo "rebuild: two builds of $built differ"; exit 1; }
echo "rebuild: $built is the same from nothing, elsewhere: $(sha256sum <"cross/out/$built" | cut -d ' ' -f 1)"
