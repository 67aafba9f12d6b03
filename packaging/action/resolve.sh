#!/usr/bin/env bash
# Which program this run needs, where it is kept between runs, and where it is had from.
# shellcheck source=packaging/action/common.sh
. "$(dirname "$0")/common.sh"

# Windows writes it with backslashes.
action=${GITHUB_ACTION_PATH//\\//}
action=${action%/}

# The runner unpacks OWNER/REPO@REF to _actions/OWNER/REPO/REF (actions/runner, ActionManager.cs), and that is the one thing to
# go by: `github.action_ref` is empty in the steps of a composite action, or that of another one (actions/runner#2473).
repository=cruddur/cruddur-site
ref=
case $action in
  */_actions/*/*/?*)
    used=${action##*/_actions/}
    owner=${used%%/*}
    used=${used#*/}
    repository=$owner/${used%%/*}
    ref=${used#*/}
    ;;
esac

# Of this checkout.
version=$(sed -n '/^version = "/{s/^version = "\([^"]*\)".*/\1/p;q;}' "$action/Cargo.toml")
commit=

is_version='^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$'
is_tag='^v[0-9]+(\.[0-9]+){0,2}$|^v[0-9]+\.[0-9]+\.[0-9]+-[0-9A-Za-z.-]+$'
is_commit='^[0-9a-f]{40}$'
if [ -n "$INPUT_VERSION" ]; then
  wanted=${INPUT_VERSION#v}
  if ! [[ $wanted =~ $is_version ]]; then
    fail "version is \"$INPUT_VERSION\": give one such as 1.2.3, or leave it out for the version of the action"
  fi
  # Of another version there is no source here to build from.
  if [ "$wanted" = "$version" ]; then source=release; else source=release-only; fi
  version=$wanted
  id=$version
elif [[ $ref =~ $is_tag ]]; then
  source=release
  id=$version
elif [[ $ref =~ $is_commit ]]; then
  # The program of that commit, which is a release's only where the release says so.
  source=commit
  commit=$ref
  id=$commit
else
  # A branch, or a checkout in the workspace: what is there, whatever its version says.
  source=checkout
  sources=$(cd "$action" && find Cargo.toml Cargo.lock src -type f -exec "${sha256[@]}" {} + | LC_ALL=C sort | "${sha256[@]}")
  id=$version-${sources:0:16}
fi

# What .github/workflows/release.yml builds. Windows runs programs for x64 on ARM, too.
case ${RUNNER_OS:-}/${RUNNER_ARCH:-} in
  Linux/X64) target=x86_64-unknown-linux-musl ;;
  Linux/ARM64) target=aarch64-unknown-linux-musl ;;
  macOS/X64) target=x86_64-apple-darwin ;;
  macOS/ARM64) target=aarch64-apple-darwin ;;
  Windows/X64 | Windows/ARM64) target=x86_64-pc-windows-msvc ;;
  *) target= ;;
esac

kept=${RUNNER_TOOL_CACHE:-}
if [ -z "$kept" ] || ! mkdir -p "$kept/cruddur-site" 2>/dev/null || ! [ -w "$kept/cruddur-site" ]; then
  kept=$RUNNER_TEMP
fi
folder=${kept//\\//}/cruddur-site/$id/${RUNNER_ARCH:-unknown}
program=$folder/cruddur-site
if [ "${RUNNER_OS:-}" = Windows ]; then program=$program.exe; fi

output version "$version"
output source "$source"
output commit "$commit"
output target "$target"
output releases "${GITHUB_SERVER_URL:-https://github.com}/$repository/releases/download/v$version"
output folder "$folder"
output program "$program"
# A program that was built here may need the libraries of this image (ImageOS is "ubuntu24", "macos15", ...).
output key "cruddur-site-$id-${RUNNER_OS:-unknown}-${RUNNER_ARCH:-unknown}-${ImageOS:-any}"
if [ -f "$program" ]; then output installed true; else output installed false; fi
