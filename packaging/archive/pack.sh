#!/usr/bin/env bash
# Packs a built binary as a release offers it: an archive for one target, and its checksum beside it.
#
#   packaging/archive/pack.sh BINARY TARGET OUT [HOST_BINARY]
#
# Completions and man pages come from the binary itself, or from HOST_BINARY where BINARY cannot run here. The same commit gives the
# same bytes: files are sorted, and their time is SOURCE_DATE_EPOCH, or that of the commit. Needs GNU tar, and zip for Windows.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

[ $# = 3 ] || [ $# = 4 ] || usage
binary=$1 target=$2 out=$3 host=${4:-$1}
host=$(realpath "$host")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}

version=$(package version)
case "$("$host" --version)" in
  "cruddur-site $version"*) ;;
  *) echo "$host is not version $version, which Cargo.toml names" >&2 && exit 1 ;;
esac

name=$(archive_name "$target")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
folder=$work/$name
mkdir -p "$folder/completions" "$folder/man" "$out"

case "$target" in
  *-windows-*) install -m 755 "$binary" "$folder/cruddur-site.exe" ;;
  *) install -m 755 "$binary" "$folder/cruddur-site" ;;
esac
install -m 644 "$root/README.md" "$root"/LICENSE-* "$folder"
# Each under the name that its shell looks for.
"$host" completions bash >"$folder/completions/cruddur-site.bash"
"$host" completions zsh >"$folder/completions/_cruddur-site"
"$host" completions fish >"$folder/completions/cruddur-site.fish"
"$host" completions powershell >"$folder/completions/_cruddur-site.ps1"
"$host" man --dir "$folder/man"
find "$folder" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

cd "$work"
case "$target" in
  *-windows-*)
    asset=$name.zip
    # Zip keeps local times.
    find "$name" | LC_ALL=C sort | TZ=UTC zip -q -X "$asset" -@
    ;;
  *)
    asset=$name.tar.gz
    LC_ALL=C tar --create --format=ustar --sort=name --owner=0 --group=0 --numeric-owner "$name" | gzip -n >"$asset"
    ;;
esac
sha256sum "$asset" >"$asset.sha256"
cd - >/dev/null
mv "$work/$asset" "$work/$asset.sha256" "$out"
printf '%s\n' "$asset"
