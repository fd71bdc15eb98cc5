#!/bin/bash
# Lays a root out on a disk: a boot partition that any computer reads, the system, and what changes. Nothing is mounted.
#   disk.sh ROOT.tar IMAGE
set -euo pipefail
image=$2
boot_mb=256 root_mb=1024 var_mb=256
export E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root"
tar -C "$work/root" --numeric-owner --xattrs --xattrs-include='*' -xf "$1"

# Nothing of where it was made. The machine finds its own name at the first start, which an empty file lets systemd do without
# taking it for one on which everything is to be enabled.
: >"$work/root/etc/machine-id"
echo releve >"$work/root/etc/hostname"
printf '127.0.0.1 localhost releve\n::1 localhost releve\n' >"$work/root/etc/hosts"
ln -sfn ../run/systemd/resolve/stub-resolv.conf "$work/root/etc/resolv.conf"

# What the firmware starts is on the boot partition alone; /etc/releve changes, so it lies with /var.
mv "$work/root/boot/firmware" "$work/boot"
mv "$work/root/var" "$work/var"
mv "$work/root/etc/releve" "$work/var/lib/releve-etc"
rm -f "$work"/root/boot/{vmlinuz,initrd.img}-*
mkdir -m 0755 "$work/root/boot/firmware" "$work/root/var" "$work/root/etc/releve"
mkdir -m 1777 "$work/root/var/tmp" # systemd-resolved starts before /var is there

# The same image of the same root.
find "$work" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +

PATH=$PATH:/sbin:/usr/sbin
export TZ=UTC # FAT keeps the time of the place
mkfs.vfat -C -F 32 -n RELEVE --invariant -i 52454c56 "$work/boot.img" $((boot_mb * 1024)) >/dev/null
mcopy -m -i "$work/boot.img" -s "$work"/boot/* ::
system() { # NAME NUMBER MB: an ext4 of the folder NAME
  local uuid=52454c45-5645-4000-8000-00000000000$2
  mke2fs -q -t ext4 -b 4096 -i 16384 -m 1 -L "releve-$1" -U "$uuid" -E "hash_seed=$uuid,root_owner=0:0" -d "$work/$1" "$work/$1.img" "$3M" >/dev/null
}
system root 1 $root_mb
system var 2 $var_mb

at=4 # MiB, where cards begin to be fast
rm -f "$image"
truncate -s $(((at + boot_mb + root_mb + var_mb) * 1024 * 1024)) "$image"
sfdisk --quiet "$image" <<END
label: dos
label-id: 0x52454c56
start=${at}MiB, size=${boot_mb}MiB, type=c, bootable
size=${root_mb}MiB, type=83
size=${var_mb}MiB, type=83
END
for part in boot root var; do
  dd if="$work/$part.img" of="$image" bs=1M seek=$at conv=sparse,notrunc status=none
  size=${part}_mb
  at=$((at + ${!size}))
done
