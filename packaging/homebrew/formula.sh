#!/usr/bin/env bash
# Prints the Homebrew formula of a release, with the checksums of its archives.
#
#   packaging/homebrew/formula.sh ARCHIVES > cruddur-site.rb
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

[ $# = 1 ] || usage
version=$(package version)
formula=$(<"$root/packaging/homebrew/cruddur-site.rb")
formula=${formula//@DESCRIPTION@/"$(package description)"}
formula=${formula//@REPOSITORY@/"$(package repository)"}
formula=${formula//@VERSION@/"$version"}

while [[ $formula =~ @URL\ ([a-z0-9_-]+)@ ]]; do
  target=${BASH_REMATCH[1]}
  asset=$(archive_name "$target").tar.gz
  read -r sha256 _ <"$1/$asset.sha256"
  formula=${formula//@URL $target@/"$(package repository)/releases/download/v$version/$asset"}
  formula=${formula//@SHA256 $target@/"$sha256"}
done
printf '%s\n' "$formula"
