#!/usr/bin/env bash
# Prints what CHANGELOG.md says of the version in Cargo.toml; fails when it says nothing.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

heading="## $(package version)"
notes=$(awk -v heading="$heading" '/^## / { on = ($0 == heading); next } on' "$root/CHANGELOG.md")
if [ -z "${notes//[[:space:]]/}" ]; then
  echo "CHANGELOG.md has no section \"$heading\"" >&2
  exit 1
fi
printf '%s\n' "$notes"
