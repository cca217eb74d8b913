#!/usr/bin/env bash
# pack.sh FOLDER ARCHIVE: packs check-gpu and the tests of kernels, which were built in FOLDER, with their libraries into
# ARCHIVE (.tar.xz), so that they run on a machine without Swift. `make check-gpu` builds them and calls this.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

built=$1 archive=$2
most=$((64 << 20))
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/check-gpu/bin" "$stage/check-gpu/lib" "$(dirname "$archive")"

cp "$built/check-gpu" "$built/CLMatPackageTests.xctest" samples/bench/peers/peer.py "$stage/check-gpu/bin/"
strip "$stage/check-gpu/bin/check-gpu"
# Swift Testing finds the tests by the sections of the file, and names in it: only what debuggers need goes.
strip --strip-debug "$stage/check-gpu/bin/CLMatPackageTests.xctest"
install -m 755 samples/check-gpu/start.sh "$stage/check-gpu/check-gpu"
cp LICENSE "$stage/check-gpu/"

# The system's own are glibc, which must not be mixed, what every Linux has, and the OpenCL loader, which knows its drivers.
system='^(linux-vdso|ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|stdc\+\+|gcc_s|OpenCL))\.so'
if missing=$(ldd "$stage"/check-gpu/bin/{check-gpu,CLMatPackageTests.xctest} | grep 'not found'); then
    echo "check-gpu cannot be packed. $missing" >&2
    exit 1
fi
ldd "$stage"/check-gpu/bin/{check-gpu,CLMatPackageTests.xctest} | awk '$2 == "=>" { print $1, $3 }' | sort -u |
    while read -r name path; do
        [[ $name =~ $system ]] || cp -L "$path" "$stage/check-gpu/lib/$name"
    done
chmod u+w "$stage"/check-gpu/lib/*
strip --strip-unneeded "$stage"/check-gpu/lib/*

tar -C "$stage" -c check-gpu | xz -T0 -6 > "$archive"
size=$(stat -c %s "$archive")
echo "$archive: $((size >> 20)) MiB. On a machine with a GPU: tar -xf $(basename "$archive") && check-gpu/check-gpu"
((size < most)) || { echo "That is more than $((most >> 20)) MiB." >&2; exit 1; }
