#!/bin/bash
# Makes an image for the SD card of a Raspberry Pi (3, 4, Zero 2) of Debian's packages and our own in cross/out/dist, and
# packs it: cross/out/image/releve_VERSION_arm64.img.xz. Needs root, for who owns the files in it, and no loop device.
set -euo pipefail
cd "$(dirname "$0")/.."

dist=cross/out/dist
out=cross/out/image
packages=("$dist"/releve_*_arm64.deb)
[ -f "${packages[0]}" ] || { echo "image: there is no package in $dist: make release" >&2; exit 1; }
package=${packages[0]}
image=$out/$(basename "$package" .deb).img
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

rm -rf "$out"
mkdir -p "$out"
began=$SECONDS
cross/image/root.sh "$package" "$out/root.tar"
echo "image: the root of $(stat -c %s "$out/root.tar" | numfmt --to=si)B in $((SECONDS - began)) s"
cross/image/disk.sh "$out/root.tar" "$image"
rm "$out/root.tar"
xz -T0 -3 --keep "$image"
sha256sum "$image.xz" >"$image.xz.sha256"
du -h --apparent-size "$image" "$image.xz" && du -h "$image"
echo "image: $((SECONDS - began)) s"
