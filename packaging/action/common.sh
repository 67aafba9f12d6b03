# shellcheck shell=bash
# What the steps share. Everything here works with the Bash 3.2 of macOS and the Git Bash of Windows.
set -euo pipefail

# A text as the message of a workflow command, which is one line, whatever is in the text (GitHub Docs, "Workflow
# commands"; the runner takes back these three).
message() {
  local text=$1
  text=${text//[%]/%25}
  text=${text//$'\r'/%0D}
  text=${text//$'\n'/%0A}
  printf '%s' "$text"
}

# Ends the step with an annotation.
fail() {
  printf '::error title=cruddur-site::%s\n' "$(message "$1")"
  exit 1
}

# Tells a later step something. Only for values without line breaks.
output() {
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# What prints the SHA-256 of files or of standard input, 64 hexadecimal digits and the name in each line. Not every macOS
# has sha256sum.
# shellcheck disable=SC2034 # for those who read this file
if command -v sha256sum >/dev/null; then sha256=(sha256sum); else sha256=(shasum -a 256); fi
