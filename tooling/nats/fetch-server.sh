#!/usr/bin/env bash
# Fetches Debian's nats-server for the tests into the user's cache, without installing it. Does nothing where there is one already, or no apt-get to get it with:
# the tests on NATS then say that they are skipped.
set -euo pipefail

folder="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/nats-server"
if [[ -n "${TEST_NATS_SERVER:-}" || -x "$folder/usr/sbin/nats-server" ]] || command -v nats-server >/dev/null; then
  exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
  echo "No apt-get here to fetch nats-server with: put one on the PATH to run the tests on NATS."
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
if ! apt-get download -qq nats-server 2>/dev/null; then
  # No lists of packages yet, or old ones; only root can get them.
  if [[ $(id -u) != 0 ]] || ! apt-get update -qq || ! apt-get download -qq nats-server; then
    echo "apt-get has no nats-server: put one on the PATH to run the tests on NATS."
    exit 0
  fi
fi
dpkg -x ./nats-server_*.deb unpacked
mkdir -p "$(dirname "$folder")"
# Moved in one step, so that nobody finds half of it.
mv -T unpacked "$folder" 2>/dev/null || [[ -x "$folder/usr/sbin/nats-server" ]]
