#!/usr/bin/env bash
# Installs the program to $FOLDER, unless it is there: from the release, or else built from the action's own checkout.
# shellcheck source=packaging/action/common.sh
. "$(dirname "$0")/common.sh"

work=$(mktemp -d "${RUNNER_TEMP//\\//}/cruddur-site.XXXXXX")
trap 'rm -rf "$work"' EXIT
# Why a release's program could not be taken.
why=

# Whether a program runs here, and is of the right version.
works() {
  [ -f "$1" ] && [ "$("$1" --version 2>/dev/null)" = "cruddur-site $VERSION" ]
}

# Fetches a file of the release to $work.
download() {
  # Nothing leads from https to http.
  local only="=${RELEASES%%:*}"
  curl --fail --silent --show-error --location --proto "$only" --proto-redir "$only" \
    --connect-timeout 20 --max-time 300 --retry 3 --retry-max-time 120 \
    --output "$work/$1" "$RELEASES/$1" 2>"$work/curl.log" && return
  why="$1 of the release: $(tail -n 1 "$work/curl.log")"
  return 1
}

# Only once its SHA-256 is that of the release. What is wrong is never run, and never replaced by something else in silence.
verify() {
  local expected actual
  expected=$(sed -n "s/^\([0-9a-f]\{64\}\)  $1\$/\1/p" "$work/$1.sha256")
  actual=$("${sha256[@]}" <"$work/$1")
  if [ "${actual:0:64}" != "$expected" ]; then
    fail "$1 has the SHA-256 ${actual:0:64}, and the release says ${expected:-nothing that could be understood}: somebody \
or something has changed it. Try again, and tell the maintainers if it stays so."
  fi
}

from_release() {
  local name=cruddur-site-v$VERSION-$TARGET archive
  if [ -z "$TARGET" ]; then
    why="releases have none for ${RUNNER_OS:-an unknown system} on ${RUNNER_ARCH:-an unknown processor}"
    return 1
  fi
  if [ "$SOURCE" = commit ]; then
    download COMMIT || return 1
    if [ "$(tr -d '[:space:]' <"$work/COMMIT")" != "$COMMIT" ]; then
      why="release v$VERSION is another commit"
      return 1
    fi
  fi
  case $TARGET in
    *-windows-*) archive=$name.zip ;;
    *) archive=$name.tar.gz ;;
  esac
  download "$archive.sha256" || return 1
  download "$archive" || return 1
  verify "$archive"
  case $archive in
    *.zip) unzip -q "$work/$archive" -d "$work" ;;
    *) tar -xzf "$work/$archive" -C "$work" ;;
  esac
  found=$work/$name/${PROGRAM##*/}
  if ! works "$found"; then
    why="that of release v$VERSION does not run here"
    return 1
  fi
}

from_source() {
  local action=${GITHUB_ACTION_PATH//\\//} rust
  if [ "$SOURCE" = release-only ]; then
    fail "cruddur-site $VERSION cannot be had ($why), and this checkout of the action is of another version: name a version \
that has been released, or leave it out"
  fi
  rust=$(sed -n 's/^rust-version = "\([^"]*\)".*/\1/p' "$action/Cargo.toml")
  if ! command -v cargo >/dev/null; then
    fail "cruddur-site has to be built from source (${why:-this is no release of it}), and Rust is not installed: install \
Rust $rust or newer in a step before, or use a release, as in uses: cruddur/cruddur-site@v1"
  fi
  echo "::group::Building cruddur-site $VERSION from source"
  # Inside of the checkout, so that no configuration of Cargo or rustup in the workspace counts; and without variables that
  # somebody's build script may take for its own.
  if ! (unset COMMIT FOLDER PROGRAM RELEASES SOURCE TARGET VERSION && cd "$action" &&
    CARGO_TARGET_DIR="$work/target" cargo install --locked --path . --root "$work/root" --no-track); then
    echo '::endgroup::'
    fail "cruddur-site $VERSION could not be built from source, see the log; it needs Rust $rust or newer"
  fi
  echo '::endgroup::'
  found=$work/root/bin/${PROGRAM##*/}
}

if works "$PROGRAM"; then
  output fresh false
else
  if [ "$SOURCE" = checkout ] || ! from_release; then
    if [ -n "$why" ]; then printf 'no program of a release: %s\n' "$why"; fi
    from_source
  fi
  mkdir -p "$FOLDER"
  mv -f "$found" "$PROGRAM"
  output fresh true
fi
"$PROGRAM" --version

# For later steps of the job.
if command -v cygpath >/dev/null; then FOLDER=$(cygpath -w "$FOLDER"); fi
printf '%s\n' "$FOLDER" >>"$GITHUB_PATH"
