#!/bin/bash
# Writes a repository for the Raspberry Pi Imager (rpi-imager --repo, doc/json-schema/os-list-schema.json there): images that were
# compressed with xz, as they will be found below an address.
#
#   cross/imager.sh https://breizh-sen1.example/releve releve_arm64.img.xz [releve_armel.img.xz …] >os_list.json
set -euo pipefail

from=${1%/}
shift
case $from in https://*) ;; *) echo "imager: $from is not an https address" >&2; exit 2 ;; esac
[ $# -gt 0 ] || { echo "imager: no image is named" >&2; exit 2; }

# models FILE: for which, by the architecture in the image's name: in ours, then in the Imager's words, where a Zero 2 is
# among pi3-64bit, and a Zero among pi1-32bit.
models() {
  case $1 in
    *arm64*) echo 'Raspberry Pi 3, 4, Zero 2	["pi4-64bit","pi3-64bit"]' ;;
    *armel*) echo 'Raspberry Pi 1, Zero, Zero W	["pi1-32bit"]' ;;
    *) echo "imager: neither arm64 nor armel is in the name $1" >&2; return 2 ;;
  esac
}

icon=data:image/svg+xml,%3Csvg%20xmlns=%22http://www.w3.org/2000/svg%22%20viewBox=%220%200%2032%2032%22%3E%3Ccircle%20cx=%2216%22%20cy=%2216%22%20r=%2215%22%20fill=%22%231b5e4b%22/%3E%3Cpath%20d=%22M18%204%208%2018h7l-2%2010%2011-15h-7z%22%20fill=%22%23fff%22/%3E%3C/svg%3E
for image in "$@"; do
  models=$(models "$(basename "$image")")
  jq -n --arg url "$from/$(basename "$image")" --arg icon "$icon" --arg models "${models%	*}" --argjson devices "${models#*	}" \
    --arg date "$(date -u -d "@${SOURCE_DATE_EPOCH:-$(stat -c %Y "$image")}" +%F)" \
    --argjson size "$(xz --robot --list "$image" | awk '$1 == "totals" { print $5 }')" --arg sum "$(xz -dc "$image" | sha256sum | cut -d ' ' -f 1)" \
    --argjson download "$(stat -c %s "$image")" --arg downloaded "$(sha256sum <"$image" | cut -d ' ' -f 1)" \
    '{ name: "Relève", description: "Meter reading agent for Linky and older French electricity meters; for \($models)", icon: $icon, url: $url,
       website: "https://breizh-sen1.example/releve", release_date: $date, extract_size: $size, extract_sha256: $sum,
       image_download_size: $download, image_download_sha256: $downloaded, init_format: "none", devices: $devices }'
done | jq -s '{ os_list: . }'
