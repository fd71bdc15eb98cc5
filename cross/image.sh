#!/bin/bash
# Makes an image for the SD card of a Raspberry Pi of Debian's packages and our own in cross/out/dist, and packs it:
# cross/out/image/releve_VERSION_ARCH.img.xz, with its checksum, signed where RELEASE_KEY names a key of gpg. Needs root, for who
# owns the files in it, and no loop device.
#
#   cross/image.sh [arm64 (Raspberry Pi 3, 4, Zero 2) | armel (1, Zero, Zero W)]
set -euo pipefail
cd "$(dirname "$0")/.."

arch=${1:-arm64}
dist=cross/out/dist
out=cross/out/image
packages=("$dist"/releve_*_"$arch".deb)
[ -f "${packages[0]}" ] || { echo "image: there is no package for $arch in $dist: make release" >&2; exit 1; }
package=${packages[0]}
image=$out/$(basename "$package" .deb).img
root=${image%.img}.tar
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

mkdir -p "$out"
rm -f "$out"/releve_*_"$arch".*
began=$SECONDS
cross/image/root.sh "$package" "$root"
echo "image: the root of $(stat -c %s "$root" | numfmt --to=si)B in $((SECONDS - began)) s"
cross/image/disk.sh "$root" "$image"
rm "$root"
xz -T0 -3 --keep "$image"
(cd "$out" && sha256sum "$(basename "$image").xz") >"$image.xz.sha256"
if [ -n "${RELEASE_KEY:-}" ]; then
  gpg --batch --yes --local-user "$RELEASE_KEY" --armor --detach-sign --output "$image.xz.sha256.asc" "$image.xz.sha256"
else
  echo "image: RELEASE_KEY is not set: the checksum is not signed" >&2
fi
du -h --apparent-size "$image" "$image.xz" && du -h "$image"
echo "image: $((SECONDS - began)) s"
