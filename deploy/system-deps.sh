#!/bin/sh
# Install what a list names and the machine lacks, where that is possible. Never fails a build:
# what stays missing is named, and the tests that need it say so themselves.
# usage: system-deps.sh LIST
set -u
list="$1"

missing() {
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$list" | while read -r package probe _; do
        case "$probe" in
            /*) [ -e "$probe" ] ;;
            *) command -v "$probe" >/dev/null 2>&1 ;;
        esac || echo "$package"
    done
}

wanted="$(missing)"
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing:" $wanted
    export DEBIAN_FRONTEND=noninteractive
    # unquoted: one word per package
    { apt-get -qq update && apt-get -qq install --yes --no-install-recommends $wanted; } \
        </dev/null >/dev/null 2>&1 || true
    wanted="$(missing)"
fi
[ -z "$wanted" ] || echo "missing from the operating system (tests that need them are skipped):" $wanted
exit 0
