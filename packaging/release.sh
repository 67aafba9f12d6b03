#!/usr/bin/env bash
# Makes everything that a release offers for download, but for the bill of materials: archives, checksums, the Homebrew formula.
#
#   packaging/release.sh PROGRAMS OUT HOST_BINARY
#
# PROGRAMS holds a folder for each target, named for it, with the binary in it. What is in OUT already gets its checksum too.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ $# = 3 ] || usage
programs=$1 out=$2 host=$3
mkdir -p "$out"
for binary in "$programs"/*/cruddur-site{,.exe}; do
  if [ -e "$binary" ]; then
    "$root/packaging/archive/pack.sh" "$binary" "$(basename "$(dirname "$binary")")" "$out" "$host"
  fi
done
"$root/packaging/homebrew/formula.sh" "$out" >"$out/cruddur-site.rb"
# By it the action knows whether its own checkout is this release.
git -C "$root" rev-parse HEAD >"$out/COMMIT"
cd "$out"
sums=$(find . -maxdepth 1 -type f ! -name "*.sha256" ! -name SHA256SUMS -printf "%P\n" | LC_ALL=C sort | xargs sha256sum)
printf "%s\n" "$sums" >SHA256SUMS
