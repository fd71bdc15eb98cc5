#!/bin/bash
# Makes a whole release twice, in two clones of this commit in folders of different names, each with a build cache of its
# own, and compares every byte. The second is left in cross/out, signed by a key made for it.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for clone in first the-second-one; do
  git clone --quiet --no-hardlinks . "$work/$clone"
  GOCACHE=$work/cache-$clone GOFLAGS=-p=2 make --no-print-directory -C "$work/$clone" cross >/dev/null
  RELEASE_KEY='' "$work/$clone/cross/package.sh" >/dev/null 2>&1
done
diff "$work/first/cross/out/dist/SHA256SUMS" "$work/the-second-one/cross/out/dist/SHA256SUMS" ||
  { echo "reproduce: two builds of the same commit differ"; exit 1; }
echo "reproduce: two builds of $(git rev-parse --short=9 HEAD) are equal, byte for byte:"
cat "$work/first/cross/out/dist/SHA256SUMS"

rm -rf cross/out
cp -r "$work/the-second-one/cross/out" cross/out
export GNUPGHOME=$work/gpg
mkdir -m 0700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key releve-test ed25519 sign never
RELEASE_KEY=releve-test cross/repository.sh
gpgconf --kill all
