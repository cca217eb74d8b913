#!/usr/bin/env bash
# Runs the kernel tests on OpenCL implementations that share no code: PoCL, Oclgrind (a simulator that reports each
# access outside a buffer and each data race), Intel's runtime for CPUs, and Mesa's rusticl, whose front end is what AMD's
# and Intel's GPUs have on Mesa; and on the CPU alone. What a kernel gets away with on one shows on another. Two runs more
# have the products of PoCL and rusticl done by CLBlast, as on every GPU. `make test-portability` builds the tests and
# calls this.
#
#     ONLY=pocl,oclgrind,intel,rusticl,cpu,clblast-pocl,clblast-rusticl    which of them; all by default
#     BUILD=.build-tests                                                   where the tests were built
#     CLMAT_DATA=FOLDER    with mnist in it: LeNet is trained too, an epoch on PoCL and 60 steps on rusticl, both by CLBlast
#
# Ends with a table; the status is 1 if a test failed, Oclgrind reported something, or a device could not be tested.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

all=pocl,oclgrind,intel,rusticl,cpu,clblast-pocl,clblast-rusticl
only=${ONLY:-$all}
tests=${BUILD:-.build-tests}/release/CLMatPackageTests.xctest
folder=.build-portability
table=
failed=0
# Which tests there are to run.
filters=()

fail() {
    echo "test-portability: $*" >&2
    exit 1
}

for name in ${only//,/ }; do
    [[ ,$all, = *,$name,* ]] || fail "there is no '$name'. ONLY takes a list of ${all//,/, }, with commas between."
done
[[ -x $tests ]] || fail "there is no $tests. Build it with: make test-portability"
mkdir -p "$folder"
unset CLMAT_DEVICE CLMAT_GEMM

# run NAME COMMAND...: the tests through COMMAND; NAME.log and, for Oclgrind, NAME.reports are what they said.
run() {
    local name=$1 log=$folder/$1.log reports=$folder/$1.reports start=$SECONDS status problem= remark=
    shift
    rm -f "$log" "$reports"
    echo "Testing on $name ..."
    # One test after the other: a failure is then that test's.
    "$@" "$tests" --testing-library swift-testing "${filters[@]}" --no-parallel --verbose > "$log" 2>&1
    status=$?

    # "Test case passing 1 argument device → NAME (CLMat.Device) to name(on:) passed after 0.1 seconds."
    local cases total device
    cases=$(sed -n 's/.*→ \([^→]*\) (CLMat\.Device) to .* passed after .*/\1/p' "$log" | sort | uniq -c)
    [[ $name = cpu ]] || cases=$(grep -v '^ *[0-9]* CPU$' <<< "$cases")
    total=$(awk '{ sum += $1 } END { print sum + 0 }' <<< "$cases")
    device=$(sed 's/^ *[0-9]* //' <<< "$cases" | paste -sd '+')
    # Oclgrind 21.10 sometimes aborts while the program ends, after the last test, in freeing what it holds.
    if [[ $name = oclgrind ]] && ((status >= 128)) && grep -q '✔.* Test run with [0-9]* tests.* passed' "$log"; then
        remark=" (Oclgrind crashed afterwards, as the program ended)"
        status=0
    fi
    if ((status != 0)); then
        grep -a -A 3 '✘\|recorded an issue\|Program crashed\|Fatal error' "$log" | head -60
        problem="failed with status $status, see $log"
    elif ! grep -q 'Test run with [0-9]* tests' "$log"; then
        problem="did not end, see $log"
    elif ((total == 0)); then
        problem="no OpenCL device was found"
    fi
    if [[ -s $reports ]] && grep -qi 'invalid\|data race\|uninitialized\|error\|mismatch' "$reports"; then
        sort "$reports" | uniq -c | sort -rn | head -40
        problem="${problem:+$problem; }reports in $reports"
    fi
    [[ -z $problem ]] || failed=1
    echo "$name: $total cases on ${device:-no device}: ${problem:-all passed}$remark"
    table+="$name|${device:-none}|$total|$((SECONDS - start)) s|${problem:-passed}$remark"$'\n'
}

# vendor PATTERN PACKAGE: the file that tells the loader of an implementation, which alone is to be there.
vendor() {
    find /etc/OpenCL/vendors -name "$1" 2> /dev/null | grep -m 1 . ||
        fail "there is no $1 in /etc/OpenCL/vendors (apt-get install $2)."
}

pocl() {
    local icd
    icd=$(vendor '*pocl*.icd' pocl-opencl-icd) || exit 1
    run "$1" env OCL_ICD_VENDORS="$icd" "${@:2}"
}

rusticl() {
    local icd
    icd=$(vendor 'rusticl.icd' mesa-opencl-icd) || exit 1
    run "$1" env OCL_ICD_VENDORS="$icd" RUSTICL_ENABLE=llvmpipe "${@:2}"
}

# LeNet's training, where there is data for it.
training() {
    if [[ -d ${CLMAT_DATA:-}/mnist ]]; then
        filters+=(--filter "MNISTTests.$1")
    else
        echo "CLMAT_DATA names no folder with mnist: LeNet is not trained."
    fi
}

test_pocl() { pocl pocl; }

test_rusticl() { rusticl rusticl; }

test_cpu() {
    mkdir -p "$folder/none"
    run cpu env OCL_ICD_VENDORS="$PWD/$folder/none"
}

test_clblast-pocl() {
    training oneEpoch
    pocl clblast-pocl CLMAT_GEMM=clblast
}

test_clblast-rusticl() {
    training sixtySteps
    rusticl clblast-rusticl CLMAT_GEMM=clblast
}

test_oclgrind() {
    command -v oclgrind > /dev/null || fail "Oclgrind is not installed (apt-get install oclgrind)."
    # - Its interface is not safe for several threads: so no test with many callers.
    # - Its checker of uninitialised values (--uninitialized) crashes on these kernels in version 21.10.
    filters+=(--skip manyCallersGetRightResults)
    run oclgrind env CLMAT_TEST_SIZE=small oclgrind --data-races --max-errors 1000 --log "$folder/oclgrind.reports"
}

test_intel() {
    local environment=$folder/venv library
    if ! library=$(find "$environment/lib" -maxdepth 1 -name libintelocl.so 2> /dev/null | grep .); then
        echo "Installing Intel's runtime from PyPI into $environment"
        { python3 -m venv "$environment" &&
            "$environment/bin/pip" install --quiet --disable-pip-version-check intel-opencl-rt intel-cmplr-lib-rt; } ||
            fail "Intel's runtime could not be installed. Its words stand above; ONLY=pocl,oclgrind goes without it."
        library=$(find "$environment/lib" -maxdepth 1 -name libintelocl.so | grep .) ||
            fail "the packages of Intel's runtime hold no libintelocl.so; ONLY=pocl,oclgrind goes without it."
    fi
    mkdir -p "$folder/vendors"
    realpath "$library" > "$folder/vendors/intel.icd"
    run intel env OCL_ICD_VENDORS="$PWD/$folder/vendors" LD_LIBRARY_PATH="$PWD/$environment/lib"
}

for name in ${only//,/ }; do
    filters=(--filter CLMatTests)
    "test_$name"
done

echo
printf '%s' "on|device|cases|time|result"$'\n'"$table" | while IFS='|' read -r name device cases time result; do
    printf '%-15s %-40.40s %6s %7s  %s\n' "$name" "$device" "$cases" "$time" "$result"
done
exit $failed
