#!/bin/bash
# Makes the root of the image, as a tar: the packages of cross/image/packages, then the files of cross/image/files, then our package,
# whose architecture is that of all. SUITE names another Debian than 13.
#   root.sh PACKAGE.deb ROOT.tar
set -euo pipefail
here=$(dirname "$(realpath "$0")")
package=$(realpath "$1")
suite=${SUITE:-trixie}
arch=$(dpkg-deb --field "$package" Architecture)
case $arch in
  arm64) emulator=qemu-aarch64 ;;
  armel) emulator=qemu-arm ;;
  *) echo "root: $arch is no architecture of a Raspberry Pi that this makes images for" >&2; exit 2 ;;
esac

# Programs of the packages run in between, on an emulated processor, which the kernel has to know.
binfmt=/proc/sys/fs/binfmt_misc
[ "$(dpkg --print-architecture)" = "$arch" ] || [ -e $binfmt/$emulator ] || {
  [ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt
  cat /usr/lib/binfmt.d/$emulator.conf >$binfmt/register
}

wanted=$(sed "/^#/d; s/ \\[$arch]\$//; / /d" "$here/packages" | paste -sd,)
units=releve.service,releve-import.service,releve-code.path,releve-screen.service,releve-grow.service
units+=,systemd-networkd.service,systemd-resolved.service,systemd-timesyncd.service

# Users keep their numbers from one image to the next, so that what is theirs on /var stays theirs when the system is replaced.
numbered='s/^u releve -/u releve 800/; s/^g gpio -/g gpio 801/; s/^u releve-kiosk -/u releve-kiosk 802/'

mmdebstrap --quiet --architectures="$arch" --variant=essential --components=main,non-free-firmware --include="$wanted" \
  --aptopt='Apt::Install-Recommends "false"' --dpkgopt='force-confold' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/lib/udev/hwdb.d/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt='path-include=/usr/share/doc/releve/*' \
  --essential-hook="cp -r --no-preserve=ownership '$here/files/.' \"\$1\"" \
  --essential-hook="sed '$numbered' '$here/../../systemd/sysusers.conf' | install -D -m 0644 /dev/stdin \"\$1/etc/sysusers.d/releve.conf\"" \
  --customize-hook="copy-in '$package' /tmp" \
  --customize-hook='chroot "$1" sh -c "dpkg --install /tmp/releve_*.deb && rm /tmp/releve_*.deb /etc/sysusers.d/releve.conf"' \
  --customize-hook='grep -q ^releve:x:800:800: "$1/etc/passwd" && grep -q ^gpio:x:801: "$1/etc/group"' \
  --customize-hook="systemctl --quiet --root=\"\$1\" enable ${units//,/ }" \
  --customize-hook="systemctl --quiet --root=\"\$1\" disable getty@tty1.service systemd-networkd-wait-online.service wpa_supplicant.service" \
  "$suite" "$2"
