# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: makes sure that Debian packages are there.
# shellcheck shell=sh disable=SC2034,SC2086

build_packages="gcc cmake ninja-build pkg-config libc6-dev libmodbus-dev libmosquitto-dev libssl-dev
    libsqlite3-dev libyaml-dev libjansson-dev liblua5.4-dev libsystemd-dev"
test_packages="libcmocka-dev mosquitto mosquitto-clients python3 python3-pytest python3-paho-mqtt
    python3-pymodbus python3-serial libfaketime python3-jsonschema python3-yaml mandoc systemd
    postgresql-15 python3-psycopg2 nftables iproute2 e2fsprogs mount strace
    openssl dpkg-dev lintian file"
clang_packages="clang"
fuzz_packages="clang libclang-rt-14-dev"
lint_packages="clang-format clang-tidy cppcheck"
coverage_packages="gcovr"

# need_packages NAME...: installs what is missing, and says so. Quick when nothing is. Never waits
# for a password where nobody could type one.
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
    if [ "$(id -u)" -ne 0 ]; then
        as_root="sudo"
        [ -t 0 ] || as_root="sudo -n"
    fi
    said=$(mktemp)
    if ! { $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends $missing; } >"$said" 2>&1 </dev/null; then
        cat "$said" >&2
        rm -f "$said"
        echo "could not install:$missing" >&2
        echo "as root: apt-get update && apt-get install$missing" >&2
        return 1
    fi
    rm -f "$said"
}
