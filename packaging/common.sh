# Sourced by the scripts in the folders beside it.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# A text field of [package] in Cargo.toml, which is the one place that says it.
package() {
  sed -n '/^\[package\]$/,/^\[dependencies\]$/s/^'"$1"' = "\(.*\)"$/\1/p' "$root/Cargo.toml"
}

# The name of a release's archive, without what comes after the dot.
archive_name() {
  printf '%s-v%s-%s' "$(package name)" "$(package version)" "$1"
}

usage() {
  # The comment below the first line of the script.
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
