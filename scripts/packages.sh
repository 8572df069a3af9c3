# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts/demo and scripts/test: makes sure that Debian packages are there.

build_packages="gcc cmake ninja-build pkg-config libc6-dev libmodbus-dev libmosquitto-dev
    libsqlite3-dev libyaml-dev libjansson-dev liblua5.4-dev libsystemd-dev"

# need_packages NAME...: installs what is missing, and says so. Quick when nothing is.
need_packages() {
    missing=
    for package in "$@"; do
        status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) || status=
        case $status in
        *"ok installed") ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    echo "installing:$missing" >&2
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    if ! { $as_root apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq \
            --no-install-recommends $missing >/dev/null; }; then
        echo "could not install:$missing" >&2
        echo "as root: apt-get update && apt-get install$missing" >&2
        return 1
    fi
}
