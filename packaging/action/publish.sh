#!/usr/bin/env bash
# Runs `cruddur-site publish` with the inputs as its arguments, each as it is.
# shellcheck source=packaging/action/common.sh
. "$(dirname "$0")/common.sh"

arguments=()

# A flag with its value, which may begin with a dash.
flag() {
  if [ -n "$2" ]; then arguments+=("--$1=$2"); fi
}

# Whether an input is true; empty is neither true nor false.
is_true() {
  case $2 in
    [Tt][Rr][Uu][Ee]) return 0 ;;
    [Ff][Aa][Ll][Ss][Ee] | '') return 1 ;;
    *) fail "$1 is \"$2\": it can be true or false" ;;
  esac
}

flag domain "$INPUT_DOMAIN"
flag distribution "$INPUT_DISTRIBUTION"
flag bucket "$INPUT_BUCKET"
flag prefix "$INPUT_PREFIX"
flag config "$INPUT_CONFIG"
if is_true dry-run "$INPUT_DRY_RUN"; then arguments+=(--dry-run); fi
if is_true wait "$INPUT_WAIT"; then
  # There is no flag for what is the default; the environment is heard before the configuration file.
  export CRUDDUR_SITE_WAIT=true
elif [ -n "$INPUT_WAIT" ]; then
  arguments+=(--no-wait)
fi
if [ -n "$INPUT_AWS_REGION" ]; then export AWS_REGION=$INPUT_AWS_REGION; fi

lines=()
while IFS= read -r line || [ -n "$line" ]; do
  if [[ $line =~ [^[:space:]] ]]; then lines+=("$line"); fi
done <<<"$INPUT_ARGS"
if [ ${#lines[@]} -eq 1 ]; then
  # Words, in which no file name pattern is looked for.
  read -r -a lines <<<"${lines[0]}"
fi
# Bash 3.2 takes an empty array for an unset variable.
arguments+=(${lines[@]+"${lines[@]}"})

if [ -n "$INPUT_DIRECTORY" ]; then arguments+=(-- "$INPUT_DIRECTORY"); fi

# Git Bash would turn an argument such as /live into a path of Windows.
export MSYS_NO_PATHCONV=1 MSYS2_ARG_CONV_EXCL='*'
exec "$PROGRAM" publish ${arguments[@]+"${arguments[@]}"}
