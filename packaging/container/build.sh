#!/usr/bin/env bash
# Builds the container image from a release's archives with buildah: a manifest list IMAGE with an image for each architecture.
#
#   packaging/container/build.sh ARCHIVES IMAGE [ARCHITECTURE...]
#
# Without ARCHITECTURE (as containers name them: amd64), all. Trusts the certificate authorities that this machine trusts, where Debian
# keeps them. Options for buildah itself come from its environment variables, such as STORAGE_DRIVER.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

[ $# -ge 2 ] || usage
archives=$(realpath "$1") image=$2
shift 2
[ $# -gt 0 ] || set -- amd64 arm64
umask 022
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp "$root/packaging/container/Dockerfile" "$context"

platforms=()
for architecture in "$@"; do
  case "$architecture" in
    amd64) target=x86_64-unknown-linux-musl ;;
    arm64) target=aarch64-unknown-linux-musl ;;
    *) echo "no program for $architecture" >&2 && exit 1 ;;
  esac
  name=$(archive_name "$target")
  rootfs=$context/rootfs-$architecture
  mkdir -p "$rootfs/usr/bin" "$rootfs/usr/share/doc/cruddur-site"
  tar -xzf "$archives/$name.tar.gz" -C "$context"
  mv "$context/$name/cruddur-site" "$rootfs/usr/bin"
  mv "$context/$name"/LICENSE-* "$rootfs/usr/share/doc/cruddur-site"
  # AWS and the site itself are reached by TLS, and the program brings no authorities of its own.
  install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/ca-certificates.crt"
  platforms+=("linux/$architecture")
done

# The annotations of https://specs.opencontainers.org/image-spec/annotations/, as labels: by `source`, GitHub links the image to its repository.
labels=(
  --label "org.opencontainers.image.source=$(package repository)"
  --label "org.opencontainers.image.version=$(package version)"
  --label "org.opencontainers.image.description=$(package description)"
  --label "org.opencontainers.image.licenses=$(package license)"
)
# One after the other: of several at once, the list would have whichever is built first first.
for platform in "${platforms[@]}"; do
  buildah build --quiet --timestamp "$SOURCE_DATE_EPOCH" --platform "$platform" "${labels[@]}" --manifest "$image" "$context"
done
