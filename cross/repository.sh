#!/bin/bash
# Makes of the packages in cross/out/dist a static apt repository in cross/out/apt: copy the folder to any web server.
# Signed where RELEASE_KEY names a key of gpg; apt refuses one that is not.
set -euo pipefail
cd "$(dirname "$0")/out"

rm -rf apt
mkdir -p apt/pool
cp dist/*.deb apt/pool/
cd apt
architectures='armhf armel arm64 amd64'
for arch in $architectures; do
  folder=dists/stable/main/binary-$arch
  mkdir -p "$folder"
  apt-ftparchive --arch "$arch" packages pool >"$folder/Packages"
  gzip -9nk "$folder/Packages"
done
apt-ftparchive -o APT::FTPArchive::Release::Origin=releve -o APT::FTPArchive::Release::Suite=stable \
  -o APT::FTPArchive::Release::Codename=stable -o APT::FTPArchive::Release::Components=main \
  -o APT::FTPArchive::Release::Architectures="$architectures" release dists/stable >Release
mv Release dists/stable/Release
if [ -n "${RELEASE_KEY:-}" ]; then
  gpg --batch --yes --local-user "$RELEASE_KEY" --armor --detach-sign --output dists/stable/Release.gpg dists/stable/Release
  gpg --batch --yes --local-user "$RELEASE_KEY" --clearsign --output dists/stable/InRelease dists/stable/Release
  gpg --batch --yes --export "$RELEASE_KEY" >releve-archive-keyring.gpg
else
  echo "repository: RELEASE_KEY is not set: apt will refuse this repository" >&2
fi
